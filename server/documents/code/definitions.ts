import type { Node } from "web-tree-sitter";

/** What the grammars call the things that have a name and are looked for by it. */
const definitionTypes = new Set(
  (
    "function_definition function_declaration generator_function_declaration function_signature function_item function_statement " +
    "method_definition method_declaration method singleton_method constructor_declaration destructor_declaration operator_declaration " +
    "class_definition class_declaration abstract_class_declaration class_specifier class class_statement " +
    "interface_declaration annotation_type_declaration trait_item trait_declaration impl_item record_declaration " +
    "struct_declaration struct_specifier struct_item union_specifier union_item enum_declaration enum_specifier enum_item enum_statement " +
    "type_alias_declaration type_declaration type_definition type_item delegate_declaration property_declaration macro_definition " +
    "namespace_definition namespace_declaration internal_module module mod_item"
  ).split(" "),
);
/** What stands around a definition: its export, decorators or template parameters. */
const wrapperTypes = new Set(
  "export_statement decorated_definition template_declaration ambient_declaration expression_statement declaration".split(
    " ",
  ),
);
const variableTypes = new Set(["lexical_declaration", "variable_declaration"]);
const functionValues = new Set(["arrow_function", "function_expression", "generator_function", "class"]);
const deepestWrapper = 3;
const longestName = 80;

/** A definition as it stands among its siblings. */
export interface Definition {
  name: string | undefined;
  /** The node that the definition's own fields belong to; a wrapper is around it. */
  node: Node;
  body: Node | undefined;
}

/** The definition that a node is or wraps; undefined for every other statement. */
export function definitionIn(node: Node, depth = 0): Definition | undefined {
  if (definitionTypes.has(node.type)) return { name: nameOf(node), node, body: bodyOf(node) };
  if (variableTypes.has(node.type)) return functionVariable(node);
  if (!wrapperTypes.has(node.type) || depth >= deepestWrapper) return undefined;
  for (const child of node.namedChildren) {
    const inside = definitionIn(child, depth + 1);
    // `struct state before;` names a structure and defines none.
    if (inside && (node.type !== "declaration" || inside.body)) return inside;
  }
  return undefined;
}

/** A comment, or what else stands before a definition and belongs to it. */
export function isAttached(node: Node): boolean {
  return /comment|^attribute|^decorator$|annotation$/u.test(node.type);
}

/** `const open = () => …` is a function like any other. */
function functionVariable(node: Node): Definition | undefined {
  const declarator = node.namedChildren.find(({ type }) => type === "variable_declarator");
  const value = declarator?.childForFieldName("value");
  if (!declarator || !value || !functionValues.has(value.type)) return undefined;
  return { name: nameOf(declarator), node, body: value.childForFieldName("body") ?? undefined };
}

function bodyOf(node: Node): Node | undefined {
  const body = node.childForFieldName("body");
  if (body) return body;
  return node.namedChildren.find(({ type }) => /(?:body|declaration_list|block)$/u.test(type));
}

function nameOf(node: Node): string | undefined {
  if (node.type === "impl_item") {
    const [trait, type] = ["trait", "type"].map((field) => node.childForFieldName(field)?.text);
    return clipped(trait === undefined ? type : `${trait} for ${type}`);
  }
  const name = node.childForFieldName("name") ?? node.namedChildren.find(({ type }) => type === "function_name");
  if (name) return clipped(name.text);
  // C and C++ wind the name into the declarator: `*find(char c)`.
  let declarator = node.childForFieldName("declarator");
  for (let inner = declarator; inner; inner = inner.childForFieldName("declarator")) declarator = inner;
  if (declarator) return clipped(declarator.text);
  // Go keeps it in the specification inside the declaration.
  const inside = node.namedChildren.find((child) => child.childForFieldName("name"))?.childForFieldName("name");
  return clipped(inside?.text);
}

function clipped(text: string | undefined): string | undefined {
  const line = text?.replace(/\s+/gu, " ").trim();
  if (!line) return undefined;
  return line.length > longestName ? `${line.slice(0, longestName - 1)}…` : line;
}
