"""The front door: finds the verb, loads only its room, and turns every error into one sentence and an exit code."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import sys
import tempfile
import traceback
from dataclasses import dataclass
from pathlib import Path

import click

from mmed_curate import __version__
from mmed_curate.domain.findings import MmedError, Refused

DONE, NO, BAD_INPUT, OUR_FAULT, INTERRUPTED = 0, 1, 2, 70, 130

EXTRA_OF = {
    "ai_edge_litert": "curate",
    "alembic": "curate",
    "cv2": "curate",
    "defusedxml": "curate",
    "ffmpeg": "curate",
    "imageio_ffmpeg": "curate",
    "jsonschema": "curate",
    "matplotlib": "curate",
    "openpyxl": "curate",
    "scipy": "curate",
    "sqlalchemy": "curate",
    "torch": "benchmark",
    "safetensors": "benchmark",
    "starlette": "serve",
    "uvicorn": "serve",
}
"""Which extra brings a package that the base install lacks."""


@dataclass(frozen=True, slots=True)
class Verb:
    """One word of the command line and where its command lives."""

    command: str
    """`module:attribute` under `mmed_curate.cli`."""
    help: str
    needs: tuple[str, ...] = ()
    """Packages that this verb uses beyond the base install."""


_STORE = ("sqlalchemy", "alembic")
_FACES = ("cv2", "ai_edge_litert")
_CURATE = (*_STORE, *_FACES)
_TORCH = ("torch", "matplotlib")

VERBS: dict[str, Verb] = {
    "demo": Verb("demo:demo", "Run the whole road on bundled and simulated recordings.", (*_CURATE, "torch")),
    "init": Verb("setup:init", "Make a workspace.", _STORE),
    "upgrade": Verb("setup:upgrade", "Bring a workspace's database to today's tables, after a backup.", _STORE),
    "subject": Verb("setup:subject", "Register subjects and their consent.", _STORE),
    "session": Verb("session:session", "Register game sessions, and what is known of them.", _STORE),
    "coder": Verb("coders:coder", "Register the people who judge; see how they hold up.", _STORE),
    "protocol": Verb("protocol:protocol", "Check a protocol and its codebook."),
    "faces": Verb("faces:faces", "Show whose faces are in recordings; a table to say so.", (*_FACES, "matplotlib")),
    "ingest": Verb("ingest:ingest", "Take recordings in: find the face, spot candidates, cut clips.", _CURATE),
    "reference": Verb(
        "reference:reference", "A subject's face at rest, which coders compare with.", (*_CURATE, "matplotlib")
    ),
    "recut": Verb("ingest:recut", "Cut and measure what was settled, ready for release.", _CURATE),
    "simulate": Verb("simulate:simulate", "Make simulated sessions, and simulated coders' judgements.", _CURATE),
    "gold": Verb("gold:gold", "Clips of known reading, to train and watch coders with.", _STORE),
    "train": Verb("train:train", "Open training tickets for a coder.", _STORE),
    "qualify": Verb("train:qualify", "Admit a coder by what they showed on gold.", _STORE),
    "assign": Verb("annotate:assign", "Hand out tickets to coders.", _STORE),
    "desk": Verb("desk:desk", "Judge clips in ELAN, BORIS, Praat, a table or JSON.", _STORE),
    "flag": Verb("flag:flag", "Clips that coders want discussed.", _STORE),
    "why": Verb("why:why", "Why a clip stands where it stands: which judgements, which rule.", _STORE),
    "status": Verb("status:status", "Where every recording and clip stands.", _STORE),
    "audit": Verb("status:audit", "Check the event log's chain.", _STORE),
    "withdraw": Verb("withdraw:withdraw", "Let a subject leave, and erase what is kept of them.", _STORE),
    "agreement": Verb("agreement:agreement", "How well the coders agree, of a workspace or of a table."),
    "gate": Verb("gate:gate", "Hold the release policy against the evidence.", _STORE),
    "recode": Verb("recode:recode", "Have clips that were coded coded once more.", _STORE),
    "release": Verb("release:release", "Make a sealed, versioned release.", _STORE),
    "download": Verb("download:download", "Bring a release here from a server or a folder, whole or in part."),
    "verify": Verb("dataset:verify", "Name any changed, missing or extra file of a release."),
    "serve": Verb("serve:serve", "Hand releases out to people who are known.", ("starlette", "uvicorn")),
    "benchmark": Verb("benchmark:benchmark", "AMF-Net and its ablations, leave-one-subject-out.", _TORCH),
    "predict": Verb(
        "predict:predict_", "What a trained AMF-Net says of clips; not for judging people.", ("torch", "safetensors")
    ),
    "cut": Verb("cut:cut", "Cut clips out of one recording, exact to the frame and the sample."),
    "sync": Verb("sync:sync", "Lay microphones and game captures on a camera's clock by their sound."),
    "skew": Verb("sync:skew", "Measure how far a picture truly lags its sound, by a clap or a flash."),
    "quality": Verb("quality:quality", "Say how good recordings are, and what to do about it.", _FACES),
    "spot": Verb("spot:spot", "Propose micro-expressions in one recording, or score proposals.", (*_FACES, "scipy")),
    "import": Verb("interchange:import_", "Take in annotations of ELAN, BORIS, Praat, a table, or a dataset."),
    "export": Verb("interchange:export", "Write annotations for ELAN, BORIS, Praat, or as a table."),
    "score": Verb("score:score", "Accuracy, UF1 and UAR of a table of predictions."),
}


class LazyGroup(click.Group):
    """Loads a verb's module only when that verb is called; `mmed --help` loads none."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs, in the order of the road."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb's command; says which extra brings a missing package."""
        verb = VERBS.get(cmd_name)
        if verb is None:
            return None
        module, _, attribute = verb.command.partition(":")
        command = getattr(importlib.import_module(f"mmed_curate.cli.{module}"), attribute)
        assert isinstance(command, click.Command)
        command.short_help = verb.help
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists the verbs from the table, without loading them."""
        with formatter.section("Verbs"):
            formatter.write_dl([(name, verb.help) for name, verb in VERBS.items()])


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mmed")
@click.option("--verbose", "-v", is_flag=True, help="Log what is done to stderr.")
def mmed(verbose: bool) -> None:
    """From recordings of game sessions to a published audio-visual micro-expression dataset."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.ERROR, stream=sys.stderr, format="%(name)s: %(message)s"
    )


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 the answer is no, 2 bad input, 70 our fault, 130 interrupted."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        missing = _missing_package(words)
        if missing is not None:
            _say(_cure_for(words, missing))
            sys.exit(BAD_INPUT)
        code = mmed.main(args=words, prog_name="mmed", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else DONE)
    except (click.exceptions.Abort, KeyboardInterrupt):
        _say("interrupted; what was finished is kept, run the same command again to go on")
        sys.exit(INTERRUPTED)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(BAD_INPUT)
    except click.ClickException as error:
        _say(error.format_message())
        sys.exit(BAD_INPUT)
    except Refused as error:
        _say(str(error))
        for reason in error.reasons:
            _say(f"  - {reason}")
        sys.exit(NO)
    except MmedError as error:
        _say(str(error))
        sys.exit(error.exit_code)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRA_OF:
            _our_fault()
        _say(_cure_for(words, package))
        sys.exit(BAD_INPUT)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(DONE)
    except Exception:
        _our_fault()


def _missing_package(words: list[str]) -> str | None:
    """The first package that the called verb needs and that is not installed."""
    verb = VERBS.get(next((word for word in words if not word.startswith("-")), ""))
    for package in verb.needs if verb else ():
        if importlib.util.find_spec(package) is None:
            return package
    return None


def _cure_for(words: list[str], package: str) -> str:
    verb = next((word for word in words if not word.startswith("-")), "")
    return f"mmed {verb} needs {package}: pip install 'mmed-curate[{EXTRA_OF[package]}]'"


def _our_fault() -> None:
    folder = Path(os.environ.get("XDG_STATE_HOME", Path.home() / ".local" / "state")) / "mmed"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix="error-", suffix=".log", dir=folder)
    except OSError:
        handle, name = tempfile.mkstemp(prefix="mmed-error-", suffix=".log")
    with os.fdopen(handle, "w", encoding="utf-8") as log:
        log.write(f"mmed {__version__}\n{sys.argv!r}\n{traceback.format_exc()}")
    _say(f"something went wrong inside mmed, and it is our fault; please send us the log: {name}")
    sys.exit(OUR_FAULT)


def _say(sentence: str) -> None:
    click.echo(f"mmed: {sentence}", err=True)


if __name__ == "__main__":
    main()
