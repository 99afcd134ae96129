"""How definitions and imports look in each grammar's trees: data for `extract`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Table(NamedTuple):
    """Node types of one grammar.

    `defines` gives the kind of a definition, `holds` are definitions with members inside,
    `passes` are looked through, `imports` is the query that finds imports. In a `headed` language
    the body begins on a line of its own.
    """

    defines: Mapping[str, str]
    holds: frozenset[str]
    passes: frozenset[str]
    imports: str = ""
    headed: bool = False


def _table(
    defines: str, holds: str, passes: str, imports: str = "", *, headed: bool = False
) -> Table:
    pairs = (pair.partition(":") for pair in defines.split())
    return Table(
        {node: kind for node, _, kind in pairs},
        frozenset(holds.split()),
        frozenset(passes.split()),
        imports,
        headed,
    )


_TYPESCRIPT = _table(
    "function_declaration:function generator_function_declaration:function "
    "function_signature:function class_declaration:class abstract_class_declaration:class "
    "interface_declaration:type type_alias_declaration:type enum_declaration:type "
    "variable_declarator:constant method_definition:method public_field_definition:field "
    "field_definition:field abstract_method_signature:method method_signature:method "
    "property_signature:field",
    "class_declaration abstract_class_declaration interface_declaration type_alias_declaration",
    "program export_statement lexical_declaration variable_declaration class_body interface_body "
    "object_type internal_module module statement_block ambient_declaration expression_statement "
    "intersection_type",
    "(import_statement) @import (export_statement source: (string)) @import",
)

TABLES: Mapping[str, Table] = MappingProxyType(
    {
        "python": _table(
            "function_definition:function class_definition:class assignment:constant "
            "type_alias_statement:type",
            "class_definition",
            "module block decorated_definition expression_statement if_statement try_statement "
            "else_clause except_clause",
            "(import_statement) @import (import_from_statement) @import",
            headed=True,
        ),
        "typescript": _TYPESCRIPT,
        "tsx": _TYPESCRIPT,
        "javascript": _TYPESCRIPT._replace(
            imports="(import_statement) @import (export_statement source: (string)) @import"
        ),
        "go": _table(
            "function_declaration:function method_declaration:method type_spec:type "
            "type_alias:type const_spec:constant var_spec:constant field_declaration:field "
            "method_elem:method",
            "type_spec",
            "source_file type_declaration const_declaration var_declaration var_spec_list "
            "struct_type field_declaration_list interface_type",
            "(import_spec) @import",
        ),
        "rust": _table(
            "function_item:function function_signature_item:function struct_item:class "
            "union_item:class enum_item:type trait_item:type type_item:type const_item:constant "
            "static_item:constant macro_definition:function field_declaration:field "
            "enum_variant:field impl_item:impl",
            "struct_item union_item enum_item trait_item impl_item",
            "source_file mod_item declaration_list field_declaration_list enum_variant_list",
            "(use_declaration) @import",
        ),
        "java": _table(
            "class_declaration:class interface_declaration:type enum_declaration:type "
            "record_declaration:class method_declaration:method constructor_declaration:method "
            "field_declaration:field",
            "class_declaration interface_declaration enum_declaration record_declaration",
            "program class_body interface_body enum_body enum_body_declarations",
            "(import_declaration) @import",
        ),
        "c": _table(
            "function_definition:function declaration:constant struct_specifier:class "
            "enum_specifier:type type_definition:type preproc_def:constant "
            "preproc_function_def:function field_declaration:field",
            "struct_specifier",
            "translation_unit field_declaration_list preproc_ifdef preproc_if "
            "linkage_specification",
            "(preproc_include) @import",
        ),
        "lua": _table("function_declaration:function", "", "chunk block"),
    }
)
