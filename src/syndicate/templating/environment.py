"""Create the Jinja2 environment, for newsletters and web pages alike.

Templates are the user's, so they run in a sandbox: they read values and change nothing. They have
no access to the network, the clock or the environment. Importing this imports Jinja2; only modules
that render should do it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, tzinfo
from pathlib import Path
from types import TracebackType
from typing import NoReturn

import jinja2
from jinja2.bccache import Bucket
from jinja2.sandbox import ImmutableSandboxedEnvironment

from syndicate.errors import Location, TemplateError
from syndicate.templating.translations import tongue

# Languages written from right to left unless their tag names another script.
RTL_LANGUAGES = frozenset(
    ["ar", "arc", "ckb", "dv", "fa", "he", "iw", "ji", "nqo", "ps", "sd", "syr", "ug", "ur", "yi"]
)
RTL_SCRIPTS = frozenset(
    ["adlm", "arab", "hebr", "mand", "mend", "nkoo", "rohg", "samr", "syrc", "thaa", "yezi"]
)

# What the code of a template can raise besides Jinja2's own errors: `1 / 0`, `"a" + 1`, ...
RAISED_BY_TEMPLATES = (
    jinja2.TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


class _CompiledTemplates(jinja2.BytecodeCache):
    """What templates compile to, for all environments of the process.

    Compiling takes most of the time of a small build. A template that changed is compiled again:
    Jinja2 keeps a checksum of its text. Environments share code because nothing in it depends on
    one of them: what does is called while rendering (`_while_rendering`).
    """

    def __init__(self) -> None:
        self._codes: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._codes:
            bucket.bytecode_from_string(self._codes[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _CompiledTemplates()


def _while_rendering(function: Callable[..., str]) -> Callable[..., str]:
    """A filter that Jinja2 does not apply to constants while it compiles a template."""

    @jinja2.pass_context
    def applied(_: jinja2.runtime.Context, *values: object) -> str:
        return function(*values)

    return applied


def environment(
    user: Path | None, builtin: Path, zone: tzinfo = UTC, language: str = "en"
) -> ImmutableSandboxedEnvironment:
    """Make the environment: a file in `user` replaces the one of that name in `builtin`.

    Names ending in .html or .xml escape what they print; others are plain text. A name that has
    no value is an error, never an empty string. `zone` and `language` are the site's; templates
    are in English unless `translations/` in those folders has the language.

    Filters: `day` (22 November 2026), `iso` (RFC 3339), `direction` (ltr or rtl, of a language),
    `listed` (cats, dogs and birds). Everywhere known: `word_language`, `date_language`.
    Raises TemplateError at a fault in a catalogue.
    """
    folders = [folder for folder in (user, builtin) if folder is not None]
    env = ImmutableSandboxedEnvironment(
        loader=jinja2.FileSystemLoader(folders),
        autoescape=jinja2.select_autoescape(("html", "xml"), default_for_string=False),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        bytecode_cache=_COMPILED,
        extensions=["jinja2.ext.i18n"],
    )
    speaks = tongue(folders, language)
    env.policies["ext.i18n.trimmed"] = True
    env.install_gettext_translations(speaks.messages, newstyle=True)  # type: ignore[attr-defined]
    env.globals |= {"word_language": speaks.words, "date_language": speaks.dates}
    env.filters["listed"] = _while_rendering(speaks.listed)
    env.filters["day"] = _while_rendering(lambda moment: speaks.day(moment.astimezone(zone)))
    env.filters["iso"] = _while_rendering(
        lambda moment: moment.astimezone(zone).isoformat(timespec="seconds")
    )
    env.filters["direction"] = direction
    return env


def within(env: jinja2.Environment, *folders: str) -> jinja2.Environment:
    """The environment whose names are relative to `folders` of `env`, the first that has one.

    In each, the user's file comes before the built-in one. Raises TemplateError if the first
    folder is nowhere.
    """
    assert isinstance(env.loader, jinja2.FileSystemLoader), "environment() sets it"
    roots = env.loader.searchpath
    if not any(Path(root, folders[0]).is_dir() for root in roots):
        hint = "make the folder and put into it what differs, or correct `template`"
        place = Location(str(Path(roots[0], folders[0])))
        raise TemplateError(f"there is no folder {folders[0]}", place=place, hint=hint)
    searched = [Path(root, folder) for folder in folders for root in roots]
    return env.overlay(loader=jinja2.FileSystemLoader(searched))


def render_template(env: jinja2.Environment, name: str, /, **values: object) -> str:
    """Render the template `name`. Raises TemplateError with its file and line."""
    try:
        return env.get_template(name).render(values)
    except RAISED_BY_TEMPLATES as error:
        _explain(error, name, env)


def render_string(env: jinja2.Environment, text: str, place: Location, /, **values: object) -> str:
    """Render `text`, a template from another file at `place`, as plain text.

    Raises TemplateError naming `place`.
    """
    try:
        return env.from_string(text).render(values)
    except RAISED_BY_TEMPLATES as error:
        raise TemplateError(str(error), place=place, hint=_hint(error)) from error


def source(env: jinja2.Environment, name: str) -> str:
    """The unrendered text of a file beside the templates, such as a style sheet."""
    try:
        assert env.loader is not None, "environment() always sets a loader"
        return env.loader.get_source(env, name)[0]
    except jinja2.TemplateNotFound as error:
        _explain(error, name, env)


def sources(env: jinja2.Environment, *folders: str) -> dict[str, str]:
    """The texts of all files in folders of templates, by name (`newsletter/email.css`).

    Of files with one name in several folders, only that in the first: as `within` finds them.
    """
    names = env.list_templates()
    names_by_file: dict[str, str] = {}
    for folder in folders:
        for name in (name for name in names if name.startswith(f"{folder}/")):
            names_by_file.setdefault(name.removeprefix(f"{folder}/"), name)
    return {name: source(env, name) for name in names_by_file.values()}


def direction(language: str) -> str:
    """`rtl` or `ltr`: how text of a language (BCP 47 tag, RFC 5646) runs."""
    first, *rest = language.lower().replace("_", "-").split("-")
    scripts = [part for part in rest if len(part) == 4 and part.isalpha()]
    right_to_left = scripts[0] in RTL_SCRIPTS if scripts else first in RTL_LANGUAGES
    return "rtl" if right_to_left else "ltr"


def _explain(error: Exception, name: str, env: jinja2.Environment) -> NoReturn:
    """Raise TemplateError with the place in the user's file where `error` came up."""
    message = str(error)
    place = _last_template_line(error.__traceback__) or Location(name)
    if isinstance(error, jinja2.TemplateSyntaxError):
        place = Location(error.filename or error.name or name, error.lineno)
    if isinstance(error, jinja2.TemplateNotFound):
        message = f"the template {error.name} does not exist"
    if isinstance(error, UnicodeDecodeError):
        message, place = "the template is not UTF-8", Location(_undecodable(env) or name)
    raise TemplateError(message, place=place, hint=_hint(error)) from error


def _undecodable(env: jinja2.Environment) -> str | None:
    """The first template file that is not UTF-8."""
    folders = env.loader.searchpath if isinstance(env.loader, jinja2.FileSystemLoader) else ()
    for file in (file for folder in folders for file in sorted(Path(folder).rglob("*"))):
        try:
            file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            return str(file)
        except OSError:
            continue  # a folder
    return None


def _last_template_line(traceback: TracebackType | None) -> Location | None:
    """The innermost template line; Jinja2 rewrites tracebacks so that their frames name it."""
    place = None
    while traceback is not None:
        frame = traceback.tb_frame
        if "__jinja_exception__" in frame.f_globals:
            place = Location(frame.f_code.co_filename, traceback.tb_lineno)
        traceback = traceback.tb_next
    return place


def _hint(error: Exception) -> str:
    if isinstance(error, jinja2.TemplateSyntaxError):
        return "correct the template there; {{ … }} prints a value, {% … %} is a statement"
    if isinstance(error, UnicodeDecodeError):
        return "save it as UTF-8"
    if isinstance(error, jinja2.TemplateNotFound):
        return f"add {error.name} to your templates folder, or correct its name"
    if isinstance(error, jinja2.UndefinedError):
        return "use a name the template is given, or guard it with `is defined`"
    if isinstance(error, jinja2.exceptions.SecurityError):
        return "templates read values and change nothing; remove that expression"
    return "correct the expression there"
