//! A comparison as text, to be read.

use crate::view::{FieldValueView, LineKindView, PresenceView, SideDifferenceView, SideView, SidesView};

/// A comparison as lines of text.
pub fn text(view: &SidesView) -> String {
    let mut lines = vec![
        format!("A  {}", side(&view.a)),
        format!("B  {}", side(&view.b)),
        String::new(),
        format!(
            "{} changed, {} only in A, {} only in B. {}.",
            view.changed, view.only_a, view.only_b, view.same
        ),
    ];
    for one in &view.differences {
        lines.push(String::new());
        difference(one, &mut lines);
    }
    if !view.unmapped.is_empty() {
        lines.extend([String::new(), "Not compared:".to_owned()]);
        lines.extend(view.unmapped.iter().map(|sentence| format!("  {sentence}")));
    }
    for damaged in view.a.damaged.iter().chain(&view.b.damaged) {
        lines.push(damaged.clone());
    }
    lines.push(String::new());
    lines.join("\n")
}

fn side(side: &SideView) -> String {
    format!(
        "{}, {}, {}",
        side.environment_name, side.when, side.connection_name
    )
}

fn difference(one: &SideDifferenceView, lines: &mut Vec<String>) {
    let sign = match one.presence {
        PresenceView::Changed => "~",
        PresenceView::OnlyA => "+",
        PresenceView::OnlyB => "-",
    };
    let everywhere = if one.everywhere { ", every environment" } else { "" };
    lines.push(format!("{sign} {}, {}{everywhere}", one.name, one.label));
    if one.lines.is_empty() {
        lines.push(format!("    A  {}", value(&one.a)));
        lines.push(format!("    B  {}", value(&one.b)));
        return;
    }
    for line in &one.lines {
        let sign = match line.kind {
            LineKindView::Same => ' ',
            LineKindView::OnlyA => '+',
            LineKindView::OnlyB => '-',
        };
        let text: String = line.pieces.iter().map(|piece| piece.text.as_str()).collect();
        lines.push(format!("    {sign} {text}"));
    }
}

fn value(value: &FieldValueView) -> String {
    match value {
        FieldValueView::Absent { text }
        | FieldValueView::Toggle { text, .. }
        | FieldValueView::Weights { text, .. }
        | FieldValueView::Override { text, .. }
        | FieldValueView::Text { text }
        | FieldValueView::Json { text } => text.replace('\n', " "),
        FieldValueView::Value { value } => value.text.replace('\n', "\\n"),
        FieldValueView::Order { names, .. } => names.join(", "),
        FieldValueView::Tags { labels, .. } => labels.join(", "),
        FieldValueView::Rules { lines, .. } => lines.join("; "),
    }
}
