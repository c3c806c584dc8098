//! Which candidate is the code.

use super::{
    atoms::{Atom, Piece, atoms_of},
    candidates::{Candidate, Doubt, candidates_of},
    words,
};

/// Between a code and the cue behind it: `123456 is your new Google account verification code`.
const WORDS_BEFORE_CUE: usize = 6;

/// A text with its sentences and cues known.
struct Reading {
    atoms: Vec<Atom>,
    /// The sentence of each atom.
    sentences: Vec<usize>,
    /// The atoms that announce a code.
    cues: Vec<usize>,
}

/// The code in `text`, as its digits and letters.
///
/// Most certain first: right behind a cue; behind "is" or a colon in the sentence of a cue; before a cue; behind
/// "use" or "enter"; the nearest behind any cue; and without a cue the one number that nothing speaks against.
pub(super) fn choose(text: &str) -> Option<String> {
    let atoms = atoms_of(text);
    let sentences = sentences_of(&atoms);
    let cues: Vec<usize> = (0..atoms.len()).filter(|at| is_cue(&atoms, *at)).collect();
    let reading = Reading { atoms, sentences, cues };
    let candidates = candidates_of(&reading.atoms, &|at| reading.is_cued(at));
    let first = |test: &dyn Fn(&Candidate) -> bool| candidates.iter().find(|candidate| test(candidate));
    first(&|c| reading.is_right_behind_cue(c))
        .or_else(|| first(&|c| reading.is_linked_to_cue(c)))
        .or_else(|| first(&|c| reading.is_before_cue(c)))
        .or_else(|| first(&|c| reading.is_behind_verb(c)))
        .or_else(|| reading.nearest(&candidates))
        .map(|candidate| candidate.text.clone())
}

/// Full stops and line ends part sentences; a line that ends in a colon or in "is" goes on.
fn sentences_of(atoms: &[Atom]) -> Vec<usize> {
    let mut sentence = 0;
    let mut sentences = Vec::with_capacity(atoms.len());
    for (at, atom) in atoms.iter().enumerate() {
        sentences.push(sentence);
        let ends = match atom.piece {
            Piece::Mark('!' | '?' | '。' | '！' | '？') => true,
            Piece::Mark('.') => atoms.get(at + 1).is_none_or(|next| next.spaced || next.digits().is_none()),
            Piece::Line => !atoms[..at].iter().rev().find(|a| a.piece != Piece::Line).is_some_and(is_link),
            _ => false,
        };
        sentence += usize::from(ends);
    }
    sentences
}

fn is_cue(atoms: &[Atom], at: usize) -> bool {
    let is_announcing = atoms[at].word().is_some_and(|word| words::after_cue(&word).is_some());
    let before = at.checked_sub(1).and_then(|at| atoms[at].word());
    is_announcing && !before.is_some_and(|word| words::is_other_code(&word))
}

fn is_link(atom: &Atom) -> bool {
    matches!(atom.mark(), Some(':' | '=' | '>')) || atom.word().is_some_and(|word| words::is_link(&word))
}

/// Marks that may stand around a code, or between it and a cue.
fn is_dressing(atom: &Atom) -> bool {
    match atom.piece {
        Piece::Line => true,
        Piece::Mark(mark) => !matches!(mark, '.' | '!' | '?' | '。' | '+'),
        _ => false,
    }
}

impl Reading {
    fn is_cued(&self, at: usize) -> bool {
        self.cues.iter().any(|cue| self.sentences[*cue] == self.sentences[at])
    }

    /// The atom before the candidate, past a brand, brackets and quotation marks.
    fn before(&self, candidate: &Candidate) -> usize {
        let from = candidate.from;
        let is_branded = from >= 2
            && self.atoms[from - 1].mark() == Some('-')
            && matches!(&self.atoms[from - 2].piece, Piece::Word(word) if super::is_brand_prefix(word));
        if is_branded { from - 2 } else { from }
    }

    fn is_right_behind_cue(&self, candidate: &Candidate) -> bool {
        let from = self.before(candidate);
        for at in (0..from).rev() {
            let atom = &self.atoms[at];
            if self.sentences[at] != self.sentences[candidate.from] {
                return false;
            }
            if self.cues.contains(&at) {
                let word = atom.word().unwrap_or_default();
                let rest = words::after_cue(&word).unwrap_or_default();
                return rest.is_empty() || words::is_link(rest) || candidate.doubt.is_none();
            }
            if !is_dressing(atom) && !is_link(atom) {
                return false;
            }
        }
        false
    }

    fn is_linked_to_cue(&self, candidate: &Candidate) -> bool {
        let from = self.before(candidate);
        let mut behind =
            self.atoms[..from].iter().rev().skip_while(|atom| is_dressing(atom) && !is_link(atom));
        candidate.doubt != Some(Doubt::Other)
            && behind.next().is_some_and(is_link)
            && self
                .cues
                .iter()
                .any(|cue| *cue < from && self.sentences[*cue] == self.sentences[candidate.from])
    }

    fn is_before_cue(&self, candidate: &Candidate) -> bool {
        let end = candidate.end;
        let Some(cue) = self.cues.iter().copied().find(|cue| *cue >= end) else { return false };
        let between = &self.atoms[end..cue];
        let is_near = self.sentences[cue] == self.sentences[candidate.from]
            && between.iter().filter(|atom| atom.word().is_some()).count() <= WORDS_BEFORE_CUE
            && between.iter().all(|atom| atom.digits().is_none());
        let next = &self.atoms[end];
        let says_so = is_link(next)
            || is_dressing(next)
            || next
                .word()
                .is_some_and(|word| ["是", "为", "為", "は"].iter().any(|link| word.starts_with(link)));
        is_near && (candidate.doubt.is_none() || says_so)
    }

    fn is_behind_verb(&self, candidate: &Candidate) -> bool {
        let from = self.before(candidate);
        let mut behind = self.atoms[..from].iter().rev().skip_while(|atom| is_dressing(atom));
        let is_asked = behind.next().and_then(Atom::word).is_some_and(|word| words::is_verb(&word));
        let is_plain = candidate.is_number && candidate.doubt.is_none();
        is_asked && candidate.doubt != Some(Doubt::Other) && (is_plain || self.is_about_signing_in())
    }

    fn is_about_signing_in(&self) -> bool {
        let starts = ["verif", "confirm", "log", "sign", "auth", "подтвер"];
        self.atoms
            .iter()
            .filter_map(Atom::word)
            .any(|word| starts.iter().any(|start| word.starts_with(start)))
    }

    /// Of the candidates without doubt, the nearest behind a cue, then the first; without any cue only a number
    /// that is the only one.
    fn nearest<'a>(&self, candidates: &'a [Candidate]) -> Option<&'a Candidate> {
        let fits = |c: &&Candidate| c.doubt.is_none() && (c.is_number || self.is_cued(c.from));
        let clear: Vec<&Candidate> = candidates.iter().filter(fits).collect();
        if self.cues.is_empty() {
            let only = clear.first()?;
            return clear.iter().all(|candidate| candidate.text == only.text).then_some(*only);
        }
        let distance = |candidate: &Candidate| {
            self.cues.iter().filter_map(|cue| candidate.from.checked_sub(*cue)).min().unwrap_or(usize::MAX)
        };
        clear.into_iter().min_by_key(|candidate| (!candidate.is_number, distance(candidate)))
    }
}
