//! Generated code that stands where the compiler's messages about it should point.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::ToTokens;

/// The code, as if it were written in the place of these tokens of the user; its names remain
/// those of the derive.
pub(crate) fn at_place(place: &impl ToTokens, code: TokenStream) -> TokenStream {
    let mut places = place.to_token_stream().into_iter().map(|token| token.span());
    let Some(start) = places.next() else { return code };
    let end = places.last().unwrap_or(start);
    let mut tokens = code.into_iter();
    let first = tokens.next().map(|token| located(token, start));
    first.into_iter().chain(tokens.map(|token| located(token, end))).collect()
}

fn located(mut token: TokenTree, place: Span) -> TokenTree {
    token.set_span(token.span().located_at(place));
    let TokenTree::Group(group) = &token else { return token };
    let inner = group.stream().into_iter().map(|token| located(token, place)).collect();
    let mut moved = Group::new(group.delimiter(), inner);
    moved.set_span(group.span());
    moved.into()
}
