//! What happened, as data.
//!
//! Every operation that changes or looks something up emits [`Event`]s to a [`Sink`]. An event is
//! self-contained and serialisable: a renderer needs nothing else. Text and JSON are two
//! renderings of the same enum. Events never depend on how warm a cache is.
//!
//! [`Trace`] travels through every operation. It carries the sink and the [`Fuel`].

mod bars;
mod cost;
mod course;
mod event;
mod finding;
mod fuel;
mod handle;
mod key;
mod layer;
mod mounted;
mod object;
mod said;
mod storage;
mod whatif;

pub use bars::{Bar, Bars};
pub use cost::{BillRow, Cost};
pub use course::{CourseNews, CourseRow, CourseState, Goal, Mark, Proof, SolutionFile, Student};
pub use event::*;
pub use finding::{Finding, FoundLayer, OrderCost, SourceLine};
pub use fuel::{Exhausted, Fuel, Limits};
pub use handle::{HandleNews, MapNews};
pub use key::{CacheKey, Part, Reason, Verdict};
pub use layer::{Answer, Cell, CellMark, LayerRef, Probe, StackRow};
pub use mounted::{MountRef, Mounted, MountedAt, OnMount};
pub use object::{CopiedDirectory, Data, Object, Source, XattrChange};
pub use said::{KeyRow, Place, Stream};
pub use storage::{
    FreedLayer, HeldLayer, LayerFate, LayerHolder, Reclaimed, SavedImage, StayingImage, Transfer,
    TransferLayer,
};
pub use whatif::{
    Decisions, Edited, Ended, Graph, GraphEdge, GraphSource, GraphStage, Order, OrderRow, WhatIf, WhatIfCell,
    WhatIfEnd, WhatIfRow,
};

/// Takes events.
pub trait Sink {
    /// Takes one event, in order.
    fn take(&mut self, event: Event);
}

impl Sink for Vec<Event> {
    fn take(&mut self, event: Event) {
        self.push(event);
    }
}

/// The companion of every operation: where its events go, and what it may use.
#[derive(Default)]
pub struct Trace {
    sink: Option<Box<dyn Sink>>,
    hushed: bool,
    muted: bool,
    aside: bool,
    paid: Cost,
    mounted: Option<std::sync::Arc<MountedAt>>,
    /// What this line may still use.
    pub fuel: Fuel,
}

impl Trace {
    /// Drops all events. Dropping costs nothing: events are not even made.
    pub fn silent() -> Trace {
        Trace::default()
    }

    /// Hands all events to `sink`.
    pub fn to(sink: Box<dyn Sink>) -> Trace {
        Trace { sink: Some(sink), ..Trace::default() }
    }

    /// Makes and hands on one event, if anybody listens.
    #[inline]
    pub fn emit(&mut self, make: impl FnOnce() -> Event) {
        if let Some(sink) = &mut self.sink
            && !self.hushed
        {
            let mut event = make();
            if let Event::Lookup { aside, .. } = &mut event {
                *aside = self.aside;
            }
            self.paid += event.cost();
            if self.muted {
                return;
            }
            if let Some(mounted) = &self.mounted {
                event = mounted.tell(event);
            }
            sink.take(event);
        }
    }

    /// What was paid so far, as far as anybody listened.
    pub fn paid(&self) -> Cost {
        self.paid
    }

    /// Something was paid that no event tells of.
    #[inline]
    pub fn pay(&mut self, cost: impl FnOnce() -> Cost) {
        if self.listening() {
            self.paid += cost();
        }
    }

    /// Runs `f` with its look-ups marked as made on the way to something else: who is the user of a
    /// process, where is its program?
    pub fn aside<R>(&mut self, f: impl FnOnce(&mut Trace) -> R) -> R {
        let before = self.set_aside(true);
        let result = f(self);
        self.aside = before;
        result
    }

    /// Switches the marks of [`Trace::aside`] on or off; what they were.
    pub fn set_aside(&mut self, aside: bool) -> bool {
        std::mem::replace(&mut self.aside, aside)
    }

    /// What follows happens below a mount point, or in the union again: its events say so.
    pub fn set_mounted(&mut self, mounted: Option<std::sync::Arc<MountedAt>>) {
        self.mounted = mounted;
    }

    /// Does anybody listen? For work that only serves events.
    pub fn listening(&self) -> bool {
        self.sink.is_some() && !self.hushed
    }

    /// Holds back all events until told otherwise: while a check computes what it compares.
    /// Whether they were held back before.
    pub fn hush(&mut self, hushed: bool) -> bool {
        std::mem::replace(&mut self.hushed, hushed)
    }

    /// Makes and counts all events, and hands none of them on, until told otherwise: while only their sum
    /// counts. Whether it was so before.
    pub fn mute(&mut self, muted: bool) -> bool {
        std::mem::replace(&mut self.muted, muted)
    }

    /// Runs `f` without listening, then listens again. For work whose steps are not the story.
    pub fn quietly<R>(&mut self, f: impl FnOnce(&mut Trace) -> R) -> R {
        let sink = self.sink.take();
        let result = f(self);
        self.sink = sink;
        result
    }

    /// Runs `f` and returns the events it emitted instead of handing them on.
    pub fn collect<R>(&mut self, f: impl FnOnce(&mut Trace) -> R) -> (R, Vec<Event>) {
        let bag = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
        let before = self.sink.replace(Box::new(Bag(bag.clone())));
        let result = f(self);
        self.sink = before;
        let events = bag.take();
        (result, events)
    }

    /// Hands on events that were collected before.
    pub fn replay(&mut self, events: Vec<Event>) {
        if let Some(sink) = &mut self.sink {
            for event in events {
                sink.take(event);
            }
        }
    }
}

struct Bag(std::rc::Rc<std::cell::RefCell<Vec<Event>>>);

impl Sink for Bag {
    fn take(&mut self, event: Event) {
        self.0.borrow_mut().push(event);
    }
}
