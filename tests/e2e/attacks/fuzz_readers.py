"""Coverage-guided fuzzing of the readers of usage files: `make fuzz`.

Arguments: SECONDS, FOLDER and SEED. It needs atheris, which `requirements-fuzz.txt` pins for the
supported Pythons and machines. It writes its findings to the folder, as input for `readers.attack`.
"""

import sys
import tempfile
from itertools import count
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "support")]

with atheris.instrument_imports(include=["circleci_usage.usage", "readers"]):
    from readers import WORDS, attack

_MERGED_EVERY = 50
_SOUND = "acme,web,build,test,2026-03-02,10,10\n"
_QUOTED = '"' + _SOUND.strip().replace(",", '","') + '"\r\n'
_SEEDS = (_SOUND, _SOUND * 2, _QUOTED, "a,b", '"')


def main(seconds: str, folder: str, seed: str = "0") -> None:
    """Fuzz for a time, then end the process.

    The same seed begins with the same inputs; 0 is a new seed each time.
    """
    found = Path(folder)
    corpus = found / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(_SEEDS):
        (corpus / f"seed-{number}").write_bytes(bytes([number]) + text.encode())
    words = found / "words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in WORDS), encoding="ascii")
    numbers = count()
    with tempfile.TemporaryDirectory(prefix="circleci-usage-") as place:

        def once(data: bytes) -> None:
            attack(data, Path(place), whole=next(numbers) % _MERGED_EVERY == 0)

        options = [
            f"-seed={seed}",
            f"-max_total_time={seconds}",
            "-max_len=2000",
            f"-dict={words}",
            f"-artifact_prefix={found}/",
        ]
        atheris.Setup([sys.argv[0], *options, str(corpus)], once)
        atheris.Fuzz()


def _escaped(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode())


if __name__ == "__main__":
    main(*(sys.argv[1:] or ("600", "fuzzed")))
