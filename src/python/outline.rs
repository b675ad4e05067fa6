//! What code is recognised by in another version of its file: a number for every piece of syntax, the same
//! whatever its layout, its quotes, its comments and its redundant parentheses.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::ops::Range;
use std::sync::LazyLock;

use ruff_python_ast::{self as ast, AnyNodeRef, Identifier, InterpolatedStringElement, Number};
use ruff_text_size::{Ranged, TextSize};

use super::tree::{NodeId, Tree, is_block};

/// Each run of the program numbers in its own way: the author of a change must not be able to write
/// dangerous code that has the number of harmless code. Nothing that leaves the program depends on it.
static NUMBERING: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// The number of anything: the same for equal things, and never for different ones.
pub fn number(of: impl Hash) -> u64 {
    NUMBERING.hash_one(of)
}

/// The statements and definitions of a file, in the order of the text.
#[derive(Debug, Clone, Default)]
pub struct Outline {
    /// Compound statements and their clauses count by their heads. The first entry is the module itself.
    pub statements: Vec<Statement>,
    /// Classes and functions. The first entry is the module.
    pub definitions: Vec<Definition>,
}

/// A statement, or the head of a compound statement or of one of its clauses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement {
    pub syntax: u64,
    /// The innermost definition around it, by index. The head of a definition belongs to that definition.
    pub definition: u32,
}

/// A class or function, or the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The name alone.
    pub name: u64,
    /// The name with those of the definitions around it.
    pub path: u64,
    /// The statements inside, by index.
    pub body: Range<u32>,
}

impl Outline {
    /// The innermost definition around a statement.
    pub fn definition_of(&self, statement: u32) -> Option<&Definition> {
        let statement = self.statements.get(statement as usize)?;
        self.definitions.get(statement.definition as usize)
    }
}

/// The numbers of all nodes of a file.
#[derive(Debug)]
pub struct Numbers<'m, 'a> {
    tree: &'m Tree<'a>,
    nodes: Vec<Numbered>,
    /// Where each statement begins.
    starts: Vec<TextSize>,
    outline: Outline,
}

#[derive(Debug, Clone, Copy, Default)]
struct Numbered {
    /// The number of the node with all below it, the statements of a body left out.
    syntax: u64,
    /// The number of what the node says by itself, if that is more than what kind of node it is.
    word: Option<u64>,
    /// The last node below it.
    last: u32,
    /// The statement it is in, by index.
    statement: u32,
}

impl<'m, 'a> Numbers<'m, 'a> {
    /// Numbers all nodes, in time proportional to how many there are.
    pub fn of(tree: &'m Tree<'a>) -> Self {
        let nodes = vec![Numbered::default(); tree.node_count()];
        let mut numbers = Numbers { tree, nodes, starts: Vec::new(), outline: Outline::default() };
        numbers.number_nodes();
        numbers.list_statements();
        numbers
    }

    /// What is kept when the tree is gone.
    pub fn into_outline(self) -> Outline {
        self.outline
    }

    /// The number of a piece of syntax.
    pub fn syntax(&self, id: NodeId) -> u64 {
        self.node(id).syntax
    }

    /// The statement a node is in, by its index in the outline.
    pub fn statement(&self, id: NodeId) -> u32 {
        self.node(id).statement
    }

    /// The last statement that begins at or before a place in the text.
    pub fn statement_at(&self, place: TextSize) -> u32 {
        self.starts.partition_point(|&start| start <= place).saturating_sub(1) as u32
    }

    /// The first names and constants in a piece of syntax, the statements of a body left out.
    pub fn words(&self, id: NodeId, at_most: usize) -> Vec<u64> {
        let node = self.node(id);
        let below = self.nodes.get(id.index()..=node.last as usize).unwrap_or_default();
        let inside = below.iter().take_while(|below| below.statement == node.statement);
        inside.filter_map(|below| below.word).take(at_most).collect()
    }

    /// The names in a piece of syntax, the statements of a body left out.
    pub fn names(&self, id: NodeId) -> impl Iterator<Item = AnyNodeRef<'a>> {
        let node = self.node(id);
        let below = self.tree.nodes().skip(id.index()).take(node.last as usize + 1 - id.index());
        let inside = below.take_while(move |(below, _)| self.node(*below).statement == node.statement);
        inside.map(|(_, node)| node).filter(|node| matches!(node, AnyNodeRef::ExprName(_)))
    }

    fn node(&self, id: NodeId) -> Numbered {
        self.nodes.get(id.index()).copied().unwrap_or_default()
    }

    /// From the last node to the first: what is below a node is numbered before it.
    fn number_nodes(&mut self) {
        let mut below = vec![0_u64; self.nodes.len()];
        for (id, node) in self.tree.nodes().rev() {
            let mut said = NUMBERING.build_hasher();
            let says_more = describe(node, &mut said);
            let word = said.finish();
            let syntax = number((node.kind() as u16, word, below[id.index()]));
            let last = self.nodes[id.index()].last.max(id.index() as u32);
            self.nodes[id.index()] = Numbered { syntax, word: says_more.then_some(word), last, statement: 0 };
            let Some(parent) = self.tree.parent(id) else { continue };
            let around = &mut self.nodes[parent.index()];
            around.last = around.last.max(last);
            if !is_block(node) && !is_part_of_text(node) {
                let whole = self.whole_text(parent).index();
                below[whole] = number((below[whole], syntax));
            }
        }
    }

    /// A string may be written in pieces, which makes no difference.
    fn whole_text(&self, mut id: NodeId) -> NodeId {
        while let (true, Some(parent)) = (is_part_of_text(self.tree.node(id)), self.tree.parent(id)) {
            id = parent;
        }
        id
    }

    fn list_statements(&mut self) {
        for (id, node) in self.tree.nodes() {
            let around = self.tree.parent(id).map_or(0, |parent| self.nodes[parent.index()].statement);
            let Numbered { syntax, last, .. } = self.nodes[id.index()];
            self.nodes[id.index()].statement = around;
            if !is_block(node) {
                continue;
            }
            let statement = self.outline.statements.len() as u32;
            let around = self.outline.statements.get(around as usize).map(|around| around.definition);
            let definition = match name_of_definition(node) {
                Some(name) => self.add_definition(name, around, last),
                None => around.unwrap_or_default(),
            };
            self.nodes[id.index()].statement = statement;
            self.outline.statements.push(Statement { syntax, definition });
            self.starts.push(node.start());
        }
        for definition in &mut self.outline.definitions {
            // Until here the end is the last node of the body, whose statement was not known yet.
            let last = &self.nodes[definition.body.end as usize];
            definition.body.end = last.statement + 1;
        }
    }

    fn add_definition(&mut self, name: &str, around: Option<u32>, last: u32) -> u32 {
        let definitions = &mut self.outline.definitions;
        let outer = around.and_then(|around| definitions.get(around as usize)).map(|around| around.path);
        let index = definitions.len() as u32;
        let body = self.outline.statements.len() as u32 + 1..last;
        definitions.push(Definition { name: number(name), path: number((outer, name)), body });
        index
    }
}

/// Whether a node is a piece of a string; [`describe`] reads the string as a whole.
fn is_part_of_text(node: AnyNodeRef<'_>) -> bool {
    matches!(
        node,
        AnyNodeRef::FString(_)
            | AnyNodeRef::TString(_)
            | AnyNodeRef::StringLiteral(_)
            | AnyNodeRef::BytesLiteral(_)
            | AnyNodeRef::InterpolatedStringLiteralElement(_)
    )
}

fn name_of_definition(node: AnyNodeRef<'_>) -> Option<&str> {
    match node {
        AnyNodeRef::ModModule(_) => Some(""),
        AnyNodeRef::StmtFunctionDef(function) => Some(&function.name),
        AnyNodeRef::StmtClassDef(class) => Some(&class.name),
        _ => None,
    }
}

/// Writes what a node says besides its kind and what is below it. Whether that is anything: a name, a
/// constant, an operator.
fn describe(node: AnyNodeRef<'_>, out: &mut impl Hasher) -> bool {
    describe_expression(node, out) || describe_string(node, out) || describe_rest(node, out)
}

fn describe_expression(node: AnyNodeRef<'_>, out: &mut impl Hasher) -> bool {
    match node {
        AnyNodeRef::ExprName(node) => node.id.hash(out),
        AnyNodeRef::ExprAttribute(node) => node.attr.as_str().hash(out),
        AnyNodeRef::Keyword(node) => name(&node.arg, out),
        AnyNodeRef::ExprBoolOp(node) => node.op.hash(out),
        AnyNodeRef::ExprBinOp(node) => node.op.hash(out),
        AnyNodeRef::ExprUnaryOp(node) => node.op.hash(out),
        AnyNodeRef::ExprCompare(node) => node.ops.hash(out),
        AnyNodeRef::ExprNumberLiteral(node) => describe_number(&node.value, out),
        AnyNodeRef::ExprBooleanLiteral(node) => node.value.hash(out),
        AnyNodeRef::ExprNoneLiteral(_) | AnyNodeRef::ExprEllipsisLiteral(_) => {}
        AnyNodeRef::ExprDict(node) => {
            node.items.iter().for_each(|item| item.key.is_some().hash(out));
            return false;
        }
        AnyNodeRef::ExprSlice(node) => {
            [&node.lower, &node.upper, &node.step].map(Option::is_some).hash(out);
            return false;
        }
        AnyNodeRef::Comprehension(node) => {
            node.is_async.hash(out);
            return false;
        }
        _ => return false,
    }
    true
}

fn describe_number(value: &Number, out: &mut impl Hasher) {
    match value {
        Number::Int(value) => value.hash(out),
        Number::Float(value) => value.to_bits().hash(out),
        Number::Complex { real, imag } => (real.to_bits(), imag.to_bits()).hash(out),
    }
}

fn describe_string(node: AnyNodeRef<'_>, out: &mut impl Hasher) -> bool {
    match node {
        AnyNodeRef::ExprStringLiteral(node) => node.value.to_str().hash(out),
        AnyNodeRef::ExprBytesLiteral(node) => node.value.bytes().collect::<Vec<u8>>().hash(out),
        AnyNodeRef::ExprFString(node) => {
            let pieces = node.value.iter().flat_map(|part| match part {
                ast::FStringPart::Literal(literal) => vec![Piece::Text(&literal.value)],
                ast::FStringPart::FString(string) => string.elements.iter().map(Piece::of).collect(),
            });
            describe_pieces(pieces, out);
        }
        AnyNodeRef::ExprTString(node) => describe_pieces(node.value.elements().map(Piece::of), out),
        AnyNodeRef::InterpolatedElement(node) => {
            (node.conversion as i8, node.debug_text.is_some()).hash(out);
            if let Some(format) = &node.format_spec {
                describe_pieces(format.elements.iter().map(Piece::of), out);
            }
            return false;
        }
        _ => return false,
    }
    true
}

/// A piece of a string with holes.
enum Piece<'a> {
    Text(&'a str),
    Hole,
}

impl<'a> Piece<'a> {
    fn of(element: &'a InterpolatedStringElement) -> Self {
        match element {
            InterpolatedStringElement::Literal(literal) => Piece::Text(&literal.value),
            InterpolatedStringElement::Interpolation(_) => Piece::Hole,
        }
    }
}

/// The text between the holes, however many pieces it is written in. What is in the holes are nodes below.
fn describe_pieces<'a>(pieces: impl Iterator<Item = Piece<'a>>, out: &mut impl Hasher) {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(more) => text.push_str(more),
            Piece::Hole => std::mem::take(&mut text).hash(out),
        }
    }
    text.hash(out);
}

fn describe_rest(node: AnyNodeRef<'_>, out: &mut impl Hasher) -> bool {
    match node {
        AnyNodeRef::StmtFunctionDef(node) => (node.is_async, node.name.as_str()).hash(out),
        AnyNodeRef::StmtClassDef(node) => node.name.as_str().hash(out),
        AnyNodeRef::StmtImportFrom(node) => {
            (node.level, node.is_lazy).hash(out);
            name(&node.module, out);
        }
        AnyNodeRef::Alias(node) => {
            node.name.as_str().hash(out);
            name(&node.asname, out);
        }
        AnyNodeRef::StmtGlobal(node) => names(&node.names, out),
        AnyNodeRef::StmtNonlocal(node) => names(&node.names, out),
        AnyNodeRef::StmtAugAssign(node) => node.op.hash(out),
        AnyNodeRef::StmtIpyEscapeCommand(node) => (node.kind as u8, &node.value).hash(out),
        AnyNodeRef::ExprIpyEscapeCommand(node) => (node.kind as u8, &node.value).hash(out),
        AnyNodeRef::ExceptHandlerExceptHandler(node) => name(&node.name, out),
        AnyNodeRef::Parameter(node) => node.name.as_str().hash(out),
        AnyNodeRef::TypeParamTypeVar(node) => node.name.as_str().hash(out),
        AnyNodeRef::TypeParamTypeVarTuple(node) => node.name.as_str().hash(out),
        AnyNodeRef::TypeParamParamSpec(node) => node.name.as_str().hash(out),
        AnyNodeRef::PatternMatchSingleton(node) => (node.value as u8).hash(out),
        AnyNodeRef::PatternMatchMapping(node) => name(&node.rest, out),
        AnyNodeRef::PatternMatchStar(node) => name(&node.name, out),
        AnyNodeRef::PatternMatchAs(node) => name(&node.name, out),
        AnyNodeRef::PatternKeyword(node) => node.attr.as_str().hash(out),
        _ => {
            describe_shape(node, out);
            return false;
        }
    }
    true
}

/// What tells apart nodes of one kind that have the same below them.
fn describe_shape(node: AnyNodeRef<'_>, out: &mut impl Hasher) {
    match node {
        AnyNodeRef::StmtFor(node) => node.is_async.hash(out),
        AnyNodeRef::StmtWith(node) => node.is_async.hash(out),
        AnyNodeRef::StmtTry(node) => node.is_star.hash(out),
        AnyNodeRef::StmtImport(node) => node.is_lazy.hash(out),
        AnyNodeRef::Parameters(node) => {
            [node.posonlyargs.len(), node.args.len(), node.kwonlyargs.len()].hash(out);
            [node.vararg.is_some(), node.kwarg.is_some()].hash(out);
        }
        _ => {}
    }
}

fn name(name: &Option<Identifier>, out: &mut impl Hasher) {
    name.as_ref().map(Identifier::as_str).hash(out);
}

fn names(names: &[Identifier], out: &mut impl Hasher) {
    names.iter().for_each(|name| name.as_str().hash(out));
}
