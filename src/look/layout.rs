//! Where the parts of the screen are.

use ratatui::layout::Rect;

/// The parts, each with a heading line above what it lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) layers: Rect,
    pub(super) details: Rect,
    pub(super) tree: Rect,
    pub(super) waste: Rect,
    pub(super) line: Rect,
    pub(super) keys: Rect,
}

impl Layout {
    /// The parts of a screen of so many columns and rows, for so many layers.
    pub(super) fn of((width, height): (u16, u16), layers: usize) -> Layout {
        let bottom = height.saturating_sub(2);
        let waste = (bottom / 4).clamp(4.min(bottom), 12);
        let top = bottom - waste;
        let left = (width * 2 / 5).clamp(28.min(width), 60);
        let room = top.saturating_sub(1);
        // Both lists have a heading, and the details at least half of what is left.
        let list = u16::try_from(layers).unwrap_or(u16::MAX).min(room.saturating_sub(1) / 2).max(1.min(room));
        let rect = |x: u16, y: u16, width: u16, height: u16| Rect { x, y, width, height };
        let right = width.saturating_sub(left + 1);
        Layout {
            layers: rect(0, 1, left, list),
            details: rect(0, list + 2, left, top.saturating_sub(list + 2)),
            tree: rect(left + 1, 1, right, room),
            waste: rect(0, top + 1, width, waste.saturating_sub(1)),
            line: rect(0, bottom, width, 1.min(height)),
            keys: rect(0, height.saturating_sub(1), width, 1.min(height)),
        }
    }
}
