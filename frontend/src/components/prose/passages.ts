/** Passages of a text: where the words on the page lie in the text they were made from. */

import type { Element, ElementContent, Root, RootContent, Text } from "hast";

/** From `start` to before `end`, in UTF-16 units of the source. */
export interface Mark {
  start: number;
  end: number;
  /** Which of the project's labels. */
  label: number;
  title: string;
}

export interface Piece {
  text: string;
  from: number;
  to: number;
  marks: readonly Mark[];
}

/** Where each unit of `shown` lies in `source`: what Markdown leaves out is stepped over. */
export function align(shown: string, source: string): number[] {
  const places: number[] = [];
  let at = 0;
  for (const unit of shown.split("")) {
    const found = source.indexOf(unit, at);
    // A sign that is written otherwise in the source, such as an entity, is put where it is due.
    const place = found < 0 ? Math.min(at, Math.max(0, source.length - 1)) : found;
    places.push(place);
    at = found < 0 ? at : place + 1;
  }
  return places;
}

/** `shown`, which begins at `base` of the text, cut where marks begin and end. */
export function piecesOf(shown: string, source: string, base: number, marks: readonly Mark[]): Piece[] {
  const places = shown === source ? null : align(shown, source);
  const placeOf = (index: number) => base + (places ? (places[index] ?? 0) : index);
  const cuts = new Set([0, shown.length]);
  for (const mark of marks) {
    for (const edge of [mark.start, mark.end]) {
      const index = places ? places.findIndex((place) => base + place >= edge) : edge - base;
      if (index > 0 && index < shown.length) cuts.add(index);
    }
  }
  const edges = [...cuts].sort((a, b) => a - b);
  return edges.slice(0, -1).map((from, i) => {
    const until = edges[i + 1] ?? shown.length;
    const start = placeOf(from);
    const to = placeOf(until - 1) + 1;
    const covering = marks.filter((mark) => mark.start <= start && start < mark.end);
    return { text: shown.slice(from, until), from: start, to, marks: covering };
  });
}

/** Lets every word of a rendered text say where it lies in the source, and shows the marks. */
export function rehypePassages({ source, marks }: { source: string; marks: readonly Mark[] }) {
  return (tree: Root) => {
    const visit = (node: Root | Element) => {
      const children: RootContent[] = [];
      for (const child of node.children) {
        if (child.type === "text") children.push(...placed(child, node));
        else {
          if (child.type === "element" && !isMath(child)) visit(child);
          children.push(child);
        }
      }
      node.children = children;
    };
    const placed = (text: Text, parent: Root | Element): ElementContent[] => {
      const position = text.position ?? (parent.type === "element" && parent.tagName === "code" ? parent.position : undefined);
      let start = position?.start.offset;
      const end = position?.end.offset;
      if (start === undefined || end === undefined) return [text];
      // The words of a block of code begin after its fence.
      if (!text.position) start += /^ {0,3}(?:`{3,}|~{3,}).*\n/.exec(source.slice(start, end))?.[0].length ?? 0;
      return piecesOf(text.value, source.slice(start, end), start, marks).map(elementOf);
    };
    visit(tree);
  };
}

const isMath = ({ properties }: Element): boolean =>
  Array.isArray(properties.className) && properties.className.some((name) => name.startsWith("math-"));

function elementOf({ text, from, to, marks }: Piece): Element {
  const first = marks[0];
  return {
    type: "element",
    tagName: first ? "mark" : "span",
    properties: {
      dataFrom: String(from),
      dataTo: String(to),
      ...(first ? { dataLabel: String(first.label % 8), title: marks.map((mark) => mark.title).join(", ") } : {}),
    },
    children: [{ type: "text", value: text }],
  };
}

/** The part of the source that a selection covers within `root`, without the space around it. */
export function selectedPassage(range: Range, root: HTMLElement, source: string): { start: number; end: number } | null {
  let start: number | null = null;
  let end = 0;
  for (const piece of root.querySelectorAll<HTMLElement>("[data-from]")) {
    if (!range.intersectsNode(piece)) continue;
    const shown = piece.textContent;
    const first = piece.contains(range.startContainer) ? unitsBefore(piece, range.startContainer, range.startOffset) : 0;
    const last = piece.contains(range.endContainer) ? unitsBefore(piece, range.endContainer, range.endOffset) : shown.length;
    if (first >= last) continue;
    const from = Number(piece.dataset.from);
    const places = align(shown, source.slice(from, Number(piece.dataset.to)));
    start ??= from + (places[first] ?? 0);
    end = from + (places[last - 1] ?? 0) + 1;
  }
  if (start === null) return null;
  while (start < end && /\s/.test(source.charAt(start))) start += 1;
  while (end > start && /\s/.test(source.charAt(end - 1))) end -= 1;
  return start < end ? { start, end } : null;
}

function unitsBefore(piece: HTMLElement, container: Node, offset: number): number {
  if (container.nodeType === Node.TEXT_NODE) return offset;
  return container === piece && offset > 0 ? piece.textContent.length : 0;
}

/** Indices of JavaScript are in UTF-16 units, those of the server in code points. */
export const toCodePoints = (text: string, units: number): number => Array.from(text.slice(0, units)).length;

export function toUnits(text: string, codePoints: number): number {
  let units = 0;
  for (let left = codePoints; left > 0 && units < text.length; left -= 1) {
    units += (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
  }
  return units;
}
