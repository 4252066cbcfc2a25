import { expect, test } from "vitest";
import { type FactPassage, plainTitle, singleFacts, titleHalf } from "../../proof/single-facts.ts";
import { chainHalves, factChains, twoHopFacts } from "../../proof/two-hop-facts.ts";

const passage = (title: string, text: string): FactPassage => ({ id: `p-${title}`, title, text });

const passages = [
  passage("Night Trains", "Night Trains is a 1986 film written and directed by Ada Berg Holm and starring Ned Row."),
  passage("Ada Berg Holm", "Ada Berg Holm (born 3 May 1951) is a Danish film director."),
  passage("Ada Berg", "Ada Berg (born 9 June 1920) was a Swedish painter."),
  passage("Late Songs", "Late Songs is an album by Danish singer Ada Berg Holm, released on 2 March 1990."),
  passage("Quiet Sea", "Quiet Sea is a novel about Ada Berg Holm, founded in 1901."),
  passage("Ned Row", "Ned Row is a town in England."),
];

test("a passage leads to the person whom it names by a known relation, by the longest title that fits", () => {
  expect(factChains(passages).map(({ first, second, bridge }) => [first.title, bridge, second.title])).toEqual([
    ["Night Trains", "director", "Ada Berg Holm"],
    ["Late Songs", "performer", "Ada Berg Holm"],
  ]);
});

test("a question asks for what the second passage states and does not name the person", () => {
  const questions = twoHopFacts(factChains(passages), 1);
  expect(questions).toHaveLength(4);
  const born = questions.find(({ type }) => type === "director-born")!;
  expect(born.question).toMatch(/^(When was|What is the birth date of) the director of Night Trains( born)?\?$/);
  expect(born).toMatchObject({ answers: ["3 May 1951"], supporting: ["Night Trains", "Ada Berg Holm"] });
  for (const { question } of questions) expect(question).not.toContain("Berg");
  expect(new Set(questions.map(({ id }) => id)).size).toBe(questions.length);
});

test("pages of chains that share one are in one half, and single facts follow", () => {
  const person = (index: number): FactPassage =>
    passage(`Person Number${index}`, `Person Number${index} (born 3 May 19${10 + (index % 80)}) is a Danish painter.`);
  const many = Array.from({ length: 60 }, (_, index) => [
    person(index),
    passage(`First Film${index}`, `First Film${index} is a film directed by Person Number${index}.`),
    passage(`Other Film${index}`, `Other Film${index} is a film produced by Person Number${index}.`),
  ]).flat();
  const chains = factChains(many);
  expect(chains).toHaveLength(120);
  const half = chainHalves(chains);
  for (const { first, second } of chains) expect(half(plainTitle(first.title))).toBe(half(plainTitle(second.title)));
  // By a hash alone some would be apart.
  expect(chains.some(({ first, second }) => titleHalf(first.title) !== titleHalf(second.title))).toBe(true);
  const single = singleFacts(many, 1, half);
  const twoHop = twoHopFacts(chains, 1);
  const answering = (wanted: string): string[] => [
    ...single[wanted === "training" ? "training" : "heldOut"].flatMap(({ supporting }) => supporting),
    ...twoHop.filter(({ supporting }) => half(supporting[0]!) === wanted).flatMap(({ supporting }) => supporting),
  ];
  const [taught, unseen] = [new Set(answering("training")), answering("heldOut")];
  expect(taught.size).toBeGreaterThan(0);
  expect(unseen.length).toBeGreaterThan(0);
  expect(unseen.filter((title) => taught.has(title))).toEqual([]);
});
