"""A contract of our own for import-linter: modules that only their own package may import."""

from __future__ import annotations

from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output
from importlinter.domain.helpers import module_expressions_to_modules


class PrivateContract(Contract):  # type: ignore[misc, unused-ignore]
    """Keep each of `modules` (expressions with wildcards) to the package that holds it."""

    type_name = "private"

    modules = fields.SetField(subfield=fields.ModuleExpressionField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        private: Any = self.modules
        foreign = [
            (importer, module.name)
            for module in module_expressions_to_modules(graph, private)
            for importer in graph.find_modules_that_directly_import(module.name)
            if not importer.startswith(module.name.rpartition(".")[0] + ".")
        ]
        return ContractCheck(kept=not foreign, metadata={"foreign": sorted(foreign)})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, imported in check.metadata["foreign"]:
            output.print_error(f"{importer} is not allowed to import {imported}", bold=False)
