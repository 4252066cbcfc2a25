import { fromBinary } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Answer } from "../../../../server/training/tinker/connection.ts";
import { float32s, int32s } from "../../../../server/training/tinker/arrays.ts";
import type { Datum } from "../../../../server/training/tinker/shifted-datum.ts";
import { ForwardBackwardRequestSchema } from "../../../../server/training/tinker/tinker_pb.ts";
import { jsonPass, type Pass, passLogprobs, protoPass } from "../../../../server/training/tinker/training-wire.ts";
import { doubleField, field, float32Bytes, int32Bytes, int64Bytes, varintField } from "./wire-bytes.ts";

const datum: Datum = {
  input: Int32Array.from([300, 301]),
  target: Int32Array.from([301, 70_000]),
  weights: Float32Array.from([0, 1]),
  advantages: Float32Array.from([0, -0.5]),
  logprobs: Float32Array.from([0, -1.25]),
};

const pass: Pass = {
  modelId: "model_1",
  sequence: 300,
  datums: [datum],
  loss: { kind: "ppo", low: 0.25, high: 0.5 },
  forwardOnly: false,
};

const floats = (name: string, ...values: number[]): Buffer =>
  field(2, field(1, name), field(2, field(1, float32Bytes(...values)), varintField(3, 1)));

describe("a training pass as protobuf", () => {
  it("is the bytes of the field table", () => {
    const tensors = [
      field(2, field(1, "target_tokens"), field(2, field(1, int64Bytes(301, 70_000)), varintField(3, 2))),
      floats("weights", 0, 1),
      floats("advantages", 0, -0.5),
      floats("logprobs", 0, -1.25),
    ];
    const expected = Buffer.concat([
      field(1, "model_1"),
      varintField(2, 300),
      field(3, field(1, field(1, field(1, int32Bytes(300, 301)))), ...tensors),
      field(4, "ppo"),
      field(5, field(1, "clip_low_threshold"), doubleField(2, 0.75)),
      field(5, field(1, "clip_high_threshold"), doubleField(2, 1.5)),
    ]);
    expect(Buffer.from(protoPass(pass)).toString("hex")).toBe(expected.toString("hex"));
  });

  it("says when it is forward only, and leaves out the arrays of cross-entropy, its bounds, and a number that is none", () => {
    const { input, target, weights } = datum;
    const bytes = protoPass({
      modelId: "m",
      sequence: 0,
      datums: [{ input, target, weights }],
      loss: { kind: "cross-entropy" },
      forwardOnly: true,
    });
    const tensors = [
      field(2, field(1, "target_tokens"), field(2, field(1, int64Bytes(301, 70_000)), varintField(3, 2))),
      floats("weights", 0, 1),
    ];
    const expected = Buffer.concat([
      field(1, "m"),
      field(3, field(1, field(1, field(1, int32Bytes(300, 301)))), ...tensors),
      field(4, "cross_entropy"),
      varintField(6, 1),
    ]);
    expect(Buffer.from(bytes).toString("hex")).toBe(expected.toString("hex"));
  });

  it("is read back whole by the library, whatever the lengths of its arrays", () => {
    const bits = fc.noBias(fc.integer({ min: 0, max: 31 })).chain((most) => fc.nat(2 ** most - 1));
    const length = fc.constantFrom(0, 1, 2, 15, 16, 31, 32, 300, 5000);
    fc.assert(
      fc.property(fc.array(fc.tuple(length, bits), { maxLength: 4 }), (sizes) => {
        const datums = sizes.map(([size, id]): Datum => {
          const row = (start: number) => Float32Array.from({ length: size }, (_, at) => start / (at + 3));
          const ids = Int32Array.from({ length: size + 1 }, (_, at) => (id + at) % 2 ** 31);
          return {
            input: ids.subarray(0, size),
            target: ids.subarray(1),
            weights: row(1),
            ...(size % 2 === 0 ? { advantages: row(-2) } : { logprobs: row(-3) }),
          };
        });
        const read = fromBinary(ForwardBackwardRequestSchema, protoPass({ ...pass, datums }));
        expect([read.modelId, read.seqId, read.lossFn, read.data.length]).toEqual([
          "model_1",
          300,
          "ppo",
          datums.length,
        ]);
        for (const [at, { modelInput, lossFnInputs }] of read.data.entries()) {
          const { input, target, weights, advantages, logprobs } = datums[at]!;
          expect(int32s(modelInput[0]!.encodedText!.tokens)).toEqual([...input]);
          const { target_tokens: targets, ...floats } = lossFnInputs;
          expect(targets!.dtype).toBe(2);
          const wide = Buffer.from(targets!.dense);
          expect(Array.from(target, (_, place) => Number(wide.readBigInt64LE(8 * place)))).toEqual([...target]);
          const rows = { weights, ...(advantages ? { advantages } : {}), ...(logprobs ? { logprobs } : {}) };
          expect(Object.keys(floats)).toEqual(Object.keys(rows));
          for (const [name, row] of Object.entries(rows)) {
            expect(floats[name]!.dtype).toBe(1);
            expect([...float32s(floats[name]!.dense)]).toEqual([...row]);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it("carries 24 bytes per trained token of policy gradients", () => {
    const long = (length: number): Pass => ({
      ...pass,
      datums: [
        {
          input: new Int32Array(length),
          target: new Int32Array(length),
          weights: new Float32Array(length),
          advantages: new Float32Array(length),
          logprobs: new Float32Array(length),
        },
      ],
    });
    expect((protoPass(long(3000)).length - protoPass(long(2000)).length) / 1000).toBeCloseTo(24, 1);
  });
});

describe("a training pass as JSON", () => {
  it("names its body by what it does, and its loss as the protocol does", () => {
    expect(jsonPass(pass)).toEqual({
      model_id: "model_1",
      seq_id: 300,
      forward_backward_input: {
        data: [
          {
            model_input: { chunks: [{ type: "encoded_text", tokens: [300, 301] }] },
            loss_fn_inputs: {
              target_tokens: { data: [301, 70_000], dtype: "int64", shape: [2] },
              weights: { data: [0, 1], dtype: "float32", shape: [2] },
              advantages: { data: [0, -0.5], dtype: "float32", shape: [2] },
              logprobs: { data: [0, -1.25], dtype: "float32", shape: [2] },
            },
          },
        ],
        loss_fn: "ppo",
        loss_fn_config: { clip_low_threshold: 0.75, clip_high_threshold: 1.5 },
      },
    });
    const forward = jsonPass({ ...pass, sequence: 0, loss: { kind: "importance-sampling" }, forwardOnly: true });
    expect(forward).toMatchObject({ forward_input: { loss_fn: "importance_sampling" } });
    expect(forward).not.toHaveProperty("seq_id");
    expect(forward).not.toHaveProperty("forward_input.loss_fn_config");
  });
});

/** An answer of one record with rows laid end to end. */
function protoAnswer(rows: readonly number[][], name = "logprobs", offsets?: number[]): Answer {
  let end = 0;
  const ends = rows.map((row) => (end += 4 * row.length));
  const tensor = [
    field(1, float32Bytes(...rows.flat())),
    field(2, int64Bytes(...(offsets ?? [0, ...ends]))),
    varintField(3, 1),
  ];
  const record = [field(2, field(1, name), field(2, ...tensor)), varintField(3, rows.length)];
  const other = field(2, field(1, "elementwise_loss"), field(2, ...tensor));
  return {
    kind: "bytes",
    bytes: Buffer.concat([
      field(1, "scalar"),
      field(2, other, ...record),
      field(3, field(1, "loss"), doubleField(2, 1)),
    ]),
  };
}

const datumsOf = (...lengths: number[]): Datum[] =>
  lengths.map((length) => ({
    input: new Int32Array(length),
    target: new Int32Array(length),
    weights: new Float32Array(length),
  }));

describe("the log-probs of a pass", () => {
  it("are read from protobuf written by hand, row by row", () => {
    const rows = passLogprobs(protoAnswer([[-0.5, -1], [-2], [-0.25, -4, -8]]), datumsOf(2, 1, 3));
    expect(rows.map((row) => [...row])).toEqual([[-0.5, -1], [-2], [-0.25, -4, -8]]);
  });

  it("are read from JSON, where what is no number is null or its name", () => {
    const value = {
      loss_fn_outputs: [{ logprobs: { data: [-0.5, null] } }, { logprobs: { data: ["NaN"], dtype: "float32" } }],
    };
    const rows = passLogprobs({ kind: "json", value }, datumsOf(2, 1));
    expect([...rows[0]!]).toEqual([-0.5, Number.NaN]);
    expect([...rows[1]!]).toEqual([Number.NaN]);
  });

  it.each<[string, Answer]>([
    ["of fewer sequences", protoAnswer([[-1, -1]])],
    ["of other lengths", protoAnswer([[-1, -1], [-1]])],
    [
      "without log-probs",
      protoAnswer(
        [
          [-1, -1],
          [-1, -1],
        ],
        "values",
      ),
    ],
    [
      "with offsets that leave its bytes",
      protoAnswer(
        [
          [-1, -1],
          [-1, -1],
        ],
        "logprobs",
        [0, 8, 4000],
      ),
    ],
    [
      "with offsets that go back",
      protoAnswer(
        [
          [-1, -1],
          [-1, -1],
        ],
        "logprobs",
        [0, 16, 8],
      ),
    ],
    [
      "with too few offsets",
      protoAnswer(
        [
          [-1, -1],
          [-1, -1],
        ],
        "logprobs",
        [0, 8],
      ),
    ],
    ["that is no message", { kind: "bytes", bytes: Buffer.from([0xff, 0xff, 0xff]) }],
    ["that is other JSON", { kind: "json", value: { loss_fn_outputs: [{}] } }],
    ["that is nothing", { kind: "json", value: null }],
  ])("of an answer %s are an error", (_, answer) => {
    expect(() => passLogprobs(answer, datumsOf(2, 2))).toThrow(
      expect.objectContaining({ name: "EngineError", kind: "bad-response" }) as Error,
    );
  });
});
