"""Mutants of a snippet: the same file with one small fault.

mutmut's operators make most of them. Three more are ours, for faults that its operators do not
make: a call left out, a condition turned round, a decorator dropped. Nothing is made of
documentation, imports, annotations and names of types, nor of the words of an error message; the
names and values that a message shows are mutated.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.file_mutation import NEVER_MUTATE_FUNCTION_CALLS
from mutmut.mutation.mutators import mutation_operators

from site_build import ROOT

FOLDERS = ("numpy", "pytorch", "keras", "sklearn")
SNIPPETS = [
    f"{folder}/{path.stem}"
    for folder in FOLDERS
    for path in sorted((ROOT / "snippets" / folder).glob("[!_]*.py"))
]


@dataclass(frozen=True)
class Mutant:
    """One fault: where it is, what it changes, and the whole file with it."""

    place: str
    """The function or class around it."""
    lines: range
    """The lines of the original that hold what was changed."""
    was: str
    now: str
    source: str

    @property
    def name(self) -> str:
        """What tells it from the others of its snippet, wherever its lines move."""
        return f"{self.place}: {self.was} -> {self.now}"


def source_of(snippet: str) -> Path:
    """The file of ``numpy/l2_penalty``."""
    return ROOT / "snippets" / f"{snippet}.py"


def mutants(snippet: str) -> list[Mutant]:
    """Every mutant of a snippet, in the order of its lines; no two have the same name."""
    text = source_of(snippet).read_text(encoding="utf-8")
    wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
    visitor = _Visitor()
    wrapper.visit(visitor)
    found: dict[str, Mutant] = {}
    for place, lines, node, changed in visitor.found:
        source = wrapper.module.deep_replace(node, changed).code
        was, now = _difference(text, source)
        mutant = Mutant(place, lines, was, now, source)
        if mutant.name in found and found[mutant.name].source != source:
            mutant = Mutant(f"{place} (line {lines.start})", lines, was, now, source)
        if source != text and _compiles(source):
            found[mutant.name] = mutant
    return list(found.values())


def _difference(old: str, new: str) -> tuple[str, str]:
    """The lines that two files do not have in common, each as one line."""
    was, now = old.splitlines(), new.splitlines()
    while was and now and was[0] == now[0]:
        was, now = was[1:], now[1:]
    while was and now and was[-1] == now[-1]:
        was, now = was[:-1], now[:-1]
    return tuple(" ".join(line.strip() for line in lines) for lines in (was, now))


def _compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


class _Visitor(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, range, cst.CSTNode, cst.CSTNode]] = []
        self.around: list[str] = []
        self.statements: list[cst.CSTNode] = []
        self.raising = 0

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Annotation | cst.Decorator | cst.Import | cst.ImportFrom):
            return False
        if _is_documentation(node) or _is_alias(node) or _is_call_of_never_mutated(node):
            return False
        if isinstance(node, cst.BaseStatement):
            self.statements.append(node)
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self.around.append(node.name.value)
        self.raising += isinstance(node, cst.Raise)
        if not (self.raising and isinstance(node, cst.BaseString)):
            for changed in _changes(node):
                self._add(node, changed)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        self.raising -= isinstance(original_node, cst.Raise)
        if self.statements and original_node is self.statements[-1]:
            self.statements.pop()
            if isinstance(original_node, cst.FunctionDef | cst.ClassDef):
                self.around.pop()

    def _add(self, node: cst.CSTNode, changed: cst.CSTNode) -> None:
        # The lines of a definition are run by the import, those of its body are statements.
        inner = self.statements[-1] if self.statements else node
        whole = self.get_metadata(PositionProvider, inner)
        last = whole.end.line
        if isinstance(body := getattr(inner, "body", None), cst.IndentedBlock):
            last = self.get_metadata(PositionProvider, body).start.line - 1
        place = ".".join(self.around) or "module"
        lines = range(whole.start.line, max(last, whole.start.line) + 1)
        self.found.append((place, lines, node, changed))


def _is_documentation(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Expr) and isinstance(
        node.value, cst.SimpleString | cst.ConcatenatedString
    )


def _is_alias(node: cst.CSTNode) -> bool:
    """Whether it names a type, as ``Gradients = list[Array]`` does."""
    return (
        isinstance(node, cst.Assign)
        and isinstance(node.targets[0].target, cst.Name)
        and node.targets[0].target.value[0].isupper()
        and isinstance(node.value, cst.Subscript | cst.BinaryOperation)
        and not node.targets[0].target.value.isupper()
    )


def _is_call_of_never_mutated(node: cst.CSTNode) -> bool:
    return (
        isinstance(node, cst.Call)
        and isinstance(node.func, cst.Name)
        and node.func.value in NEVER_MUTATE_FUNCTION_CALLS
    )


def _changes(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    for kind, operator in mutation_operators:
        if isinstance(node, kind):
            yield from operator(node)
    if isinstance(node, cst.Expr) and isinstance(node.value, cst.Call):
        yield cst.Expr(cst.Name("None"))
    if isinstance(node, cst.If) and isinstance(node.test, cst.Name | cst.Attribute | cst.Call):
        yield node.with_changes(test=cst.UnaryOperation(cst.Not(), node.test))
    if isinstance(node, cst.FunctionDef | cst.ClassDef):
        for dropped in node.decorators:
            yield node.with_changes(decorators=[d for d in node.decorators if d is not dropped])
