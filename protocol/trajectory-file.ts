import { z } from "zod";
import { Annotations, Tag } from "./annotations.ts";
import { Inspection } from "./inspection.ts";
import { Trajectory } from "./trajectory.ts";

/** What can make an answer right: it covers a gold answer, is one, or has an F1 of `rightF1`. */
export const rightMeasures = ["cem1", "em", "f1"] as const;
export type RightMeasure = (typeof rightMeasures)[number];

/** From here on F1 counts as right: as many words right as wrong or missing. */
export const rightF1 = 0.5;

/** A trajectory of a file as a list shows it. */
export const TrajectoryRow = z.object({
  /** Names the record within its file; changes when the file is written anew. */
  key: z.int().min(0),
  /** 1-based line that holds it. */
  line: z.int().min(1),
  id: z.string(),
  /** Names it for what is said of it. */
  subject: z.string(),
  question: z.string(),
  step: z.int().optional(),
  stage: z.string().optional(),
  group: z.string().optional(),
  sample: z.int().optional(),
  /** The record's own reward, else that of the fitting reward profile where gold answers are known. */
  reward: z.number().optional(),
  /** Points of each component after its weight. */
  components: z.array(z.object({ name: z.string(), points: z.number() })),
  /** Names of the rules it lost to. */
  rules: z.array(z.string()),
  advantage: z.number().optional(),
  /** Whether its answer covers a gold answer, or is right by the filter's measure; absent where it has none. */
  right: z.boolean().optional(),
  /** By which other measures it is right. */
  rightAlso: z.array(z.enum(["em", "f1"])).optional(),
  /** The rollout of the same question in the file that this one is compared with. */
  pair: z
    .object({
      key: z.int().min(0),
      line: z.int().min(1),
      right: z.boolean().optional(),
      reward: z.number().optional(),
      maskedShare: z.number(),
      strip: z.array(z.int().min(0)),
    })
    .optional(),
  stop: z.string(),
  searches: z.int().min(0),
  /** Characters of the response. */
  length: z.int().min(0),
  /** Share of the response that the environment wrote. */
  maskedShare: z.number(),
  /** All rewards of its group are equal, so that nothing is learnt from it; absent where it has no group. */
  zeroVariance: z.boolean().optional(),
  /** What people said of it, where they said anything. */
  annotated: z.object({ tags: z.array(z.string()), excluded: z.boolean(), notes: z.int().min(0) }).optional(),
  /** Segments as pairs of a kind (`stripKinds`) and a length in characters; of a long one the first. */
  strip: z.array(z.int().min(0)),
});
export type TrajectoryRow = z.infer<typeof TrajectoryRow>;

/** What the first number of each pair of `strip` stands for. */
export const stripKinds = ["prompt", "policy", "answer", "environment"] as const;

/** What rows must have; all that is given must hold. */
export const RowFilter = z.object({
  id: z.string().optional(),
  step: z.int().optional(),
  /** Of one group. */
  group: z.string().optional(),
  /** The name of its group or its question holds this, case aside. */
  prompt: z.string().optional(),
  /** Of exactly this question. */
  question: z.string().optional(),
  /** Lost to this rule. */
  rule: z.string().optional(),
  stop: z.string().optional(),
  searches: z.int().min(0).optional(),
  /** Has this component of the reward; the bounds below are then of its points instead of the total. */
  component: z.string().optional(),
  least: z.number().optional(),
  most: z.number().optional(),
  /** Right here and wrong in the file it is compared with, the other way round, or either. */
  flip: z.enum(["won", "lost", "either"]).optional(),
  /** What makes an answer right; that it covers a gold answer where absent. */
  rightBy: z.enum(rightMeasures).optional(),
  tag: Tag.optional(),
  /** Excluded from training or not, or with a note. */
  marked: z.enum(["excluded", "included", "noted"]).optional(),
  /** Words that its transcript, question and queries hold, and phrases in double quotes; case, accents and punctuation aside. */
  text: z.string().optional(),
});
export type RowFilter = z.infer<typeof RowFilter>;

export const rowSortKeys = ["line", "step", "question", "reward", "advantage", "searches", "length"] as const;

export const RowSort = z.object({ key: z.enum(rowSortKeys), descending: z.boolean() });
export type RowSort = z.infer<typeof RowSort>;

export const RowQuery = z.object({
  filter: RowFilter,
  sort: RowSort,
  offset: z.int().min(0),
  limit: z.int().min(1).max(500),
  /** Key of a row whose place is wanted. */
  locate: z.int().min(0).optional(),
});
export type RowQuery = z.infer<typeof RowQuery>;

/** A record that cannot be read, the place and the reason. */
export const RowProblem = z.object({ line: z.int().min(1), reason: z.string() });
export type RowProblem = z.infer<typeof RowProblem>;

export const RowPage = z.object({
  /** Names the reading of the file that gave the keys; another reading gives others. */
  reading: z.string(),
  rows: z.array(TrajectoryRow),
  /** Rows that match the filter; all rows. Counted so far while the file is being read. */
  matched: z.int().min(0),
  total: z.int().min(0),
  /** Where the row that was to be located stands among those that match; absent where it does not. */
  located: z.object({ key: z.int().min(0), index: z.int().min(0) }).optional(),
  /** The first records that cannot be read, and how many there are. */
  problems: z.array(RowProblem),
  problemCount: z.int().min(0),
  /** Bytes of the file when it was last looked at, and those that were read. */
  bytes: z.int().min(0),
  read: z.int().min(0),
  /** Flips of the comparison, where there is one, whatever the filter. */
  flips: z.object({ paired: z.int().min(0), won: z.int().min(0), lost: z.int().min(0) }).optional(),
  /** Nothing is being read or looked at any more: the page says all that the file holds. */
  complete: z.boolean(),
  /** Bytes of the file that the text was looked for in, where that is not all of it so far. */
  searched: z.int().min(0).optional(),
  /** What can be chosen in filters; of each at most 200 values. */
  facets: z.object({
    steps: z.array(z.int()),
    stops: z.array(z.string()),
    rules: z.array(z.string()),
    components: z.array(z.string()),
    tags: z.array(z.string()),
  }),
});
export type RowPage = z.infer<typeof RowPage>;

/** One record of a file with what the server works out of it. */
export const FileRecord = z.object({
  key: z.int().min(0),
  trajectory: Trajectory,
  annotations: Annotations,
  ...Inspection.shape,
});
export type FileRecord = z.infer<typeof FileRecord>;
