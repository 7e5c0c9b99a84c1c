/**
 * The shapes that the modules share; there is no code here.
 *
 * Days are whole numbers: days since 1970-01-01, so that arithmetic on them is plain. Amounts are
 * whole numbers of 10^-places, as BigInt wherever they are sums; they become decimals when shown.
 *
 * @typedef {"credits" | "cost" | "list_cost" | "job_runs" | "run_minutes" | "cost_per_run"} Metric
 * @typedef {"day" | "week" | "month"} Granularity
 * @typedef {"" | "previous" | "year"} Compare
 * @typedef {"bars" | "treemap"} ChartKind
 */

/**
 * A dimension of the lines.
 *
 * @typedef {object} Dimension
 * @property {string} name its key in addresses, such as `project`
 * @property {string} label one of its values, as people read it: `Project`
 * @property {string} plural several: `Projects`
 * @property {string[]} values its values; a line holds the index of one
 * @property {Uint8Array | Uint16Array | Uint32Array} codes the index of each line's value
 * @property {number[]} ranks the place of each value by the cost of all days: the most expensive is 0
 */

/**
 * A measure of the lines, in limbs: a value is the sum of `limbs[i][line] * 2 ** (bits * i)`.
 *
 * There is one limb where the sum of all lines is exact as a number, which is the usual case.
 *
 * @typedef {object} Measure
 * @property {string} name `credits`, `unpriced_credits`, `list_cost`, `cost`, `type_runs`, `job_runs`, `job_seconds`
 * @property {number} places its decimal places
 * @property {Float64Array[]} limbs
 * @property {number} bits of each limb but the last
 */

/**
 * What `explore.html` holds: lines of costs, sorted by day.
 *
 * `job_runs` and `job_seconds` of a run stand on one line of it; `type_runs` are the runs that used
 * the credit type of a line, so that a run with three credit types is in three lines.
 *
 * @typedef {object} Dataset
 * @property {string} currency `USD`
 * @property {number} first the first day that there can be lines of
 * @property {number} last the last one
 * @property {[number, number]} period first and last day of the report's period
 * @property {[number, number][]} missing first and last days, between `first` and `last`, whose usage is not known
 * @property {number} lines how many
 * @property {Uint32Array} starts the first line of each day from `first` on, and one more: the number of lines
 * @property {Map<string, Dimension>} dimensions in the order of menus
 * @property {Map<string, Measure>} measures
 * @property {Folded[]} folded what is summed up as `(smaller lines)`
 */

/**
 * A dimension that some lines do not tell: it is `(smaller lines)` there.
 *
 * @typedef {object} Folded
 * @property {string} dimension its name
 * @property {string} whose the dimension whose smallest values are concerned: `status` of small jobs
 * @property {number} values how many values that one had
 * @property {number} folded how many of them are concerned
 * @property {string} cost what these cost, an exact decimal
 */

/**
 * A condition on a dimension: `project=web,shop-*` or `status!=failed`.
 *
 * @typedef {object} Filter
 * @property {string} dimension
 * @property {boolean} excludes whether matching lines are left out
 * @property {string[]} patterns texts with `*` and `?`; a backslash makes the next character plain
 */

/**
 * What the page is asked: everything that its address holds.
 *
 * @typedef {object} Question
 * @property {string[]} by none, one or two dimensions
 * @property {Filter[]} where in the order in which they were added; all of them must hold
 * @property {number} from first day
 * @property {number} to last day
 * @property {Granularity} granularity
 * @property {Metric} metric
 * @property {Compare} compare
 * @property {number} top how many groups are listed before the rest
 * @property {string} sort a column of the table: a dimension's name or a metric, or `change`; empty: the metric
 * @property {boolean} ascending
 * @property {ChartKind} chart
 */

/**
 * Sums. `null` is: not known.
 *
 * @typedef {object} Amounts
 * @property {bigint} credits
 * @property {bigint} unpriced_credits
 * @property {bigint} list_cost
 * @property {bigint} cost
 * @property {bigint | null} job_runs
 * @property {bigint | null} job_seconds
 */

/**
 * A group of lines, or the rest of them.
 *
 * @typedef {object} Row
 * @property {string[]} names the values of `question.by`, as many as its level has
 * @property {Amounts} amounts
 * @property {Amounts | null} compared the same in the range compared with; null without one, or when it is not known
 * @property {Row[]} children by the second dimension; none without one
 * @property {number} others how many groups this row is the rest of; 0 for a group
 */

/**
 * @typedef {object} Bucket
 * @property {number} from first day, inside the range
 * @property {number} to last day, inside the range
 * @property {string} label `2026-10-05`, `2026-10`: its name in tables and files
 */

/**
 * A group over time.
 *
 * @typedef {object} Series
 * @property {string} name a value of the first dimension; `All` without one
 * @property {number} color a number from 1 on, the same for a name in all views; 0 for the rest
 * @property {boolean} isRest
 * @property {(bigint | null)[]} values of the metric in each bucket (`cost_per_run`: in 10^-6); null is not known
 */

/**
 * @typedef {object} Answer
 * @property {Question} question
 * @property {Amounts} totals
 * @property {Amounts | null} compared
 * @property {[number, number] | null} comparedRange
 * @property {boolean} comparedKnown whether all of its days are known
 * @property {Row[]} rows sorted; all groups
 * @property {Bucket[]} buckets
 * @property {Series[]} series of the largest groups, and of the rest
 * @property {number} lines how many lines matched
 */

export {};
