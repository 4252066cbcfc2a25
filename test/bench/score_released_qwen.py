"""The same scoring as `searchlight score --reward released-qwen` does, as a plain Python program: answer metrics and reward.

Reads trajectories as JSON lines from the file that is named, prints the processor seconds that scoring took (best of five,
reading not counted) and the sum of all rewards, by which the two programs are held to each other.
"""
import json
import re
import string
import sys
import time
from collections import Counter

TAGS = [
    "<|begin_of_documents|>\n",
    "<|end_of_documents|>\n\n",
    "<|begin_of_query|>",
    "<|end_of_query|>",
    "<|begin_of_documents|>",
    "<|end_of_documents|>",
    "<|begin_of_documents|>\n(1)",
]
PUNCTUATION = set(string.punctuation + "‘’´`")


def normalise(text):
    text = text.replace("_", " ").lower()
    text = "".join(" " if char in PUNCTUATION else char for char in text)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def mapped(text):
    return {"True": "yes", "False": "no"}.get(text, text)


def f1(prediction, gold):
    prediction, gold = normalise(mapped(prediction)), normalise(mapped(gold))
    fixed = ("yes", "no", "noanswer")
    if prediction != gold and (prediction in fixed or gold in fixed):
        return 0.0
    ours, theirs = prediction.split(), gold.split()
    same = sum((Counter(ours) & Counter(theirs)).values())
    if same == 0:
        return 0.0
    precision, recall = same / len(ours), same / len(theirs)
    return 2 * precision * recall / (precision + recall)


def answer_metrics(prediction, golds):
    if not golds:
        return None
    normal = normalise(mapped(prediction))
    best = 0.0
    exact = cover = contiguous = False
    for gold in golds:
        wanted = normalise(mapped(gold))
        best = max(best, f1(prediction, gold))
        exact = exact or normal == wanted
        cover = cover or set(wanted.split()) <= set(normal.split())
        contiguous = contiguous or wanted in normal
    return best, exact, cover, contiguous


def reward(text, golds):
    answer = ""
    if "<answer>" in text and "</answer>" in text:
        answer = text.split("<answer>")[-1].split("</answer>")[0].strip()
    score = max((f1(answer, gold) for gold in golds), default=0.0) if answer else 0.0
    broken = []
    counts = [text.count(tag) for tag in TAGS]
    if len(set(counts)) > 1:
        broken.append("tags")
    if "Assistant" in text or "assistant" in text:
        broken.append("assistant")
    if text.count("<think>") != 0 or text.count("</think>") != 1:
        broken.append("think")
    if text.count("<answer>") != 1 or text.count("</answer>") != 1:
        broken.append("answer")
    if "begin_of_query" in answer or "begin_of_documents" in answer:
        broken.append("tag-in-answer")
    if len(answer.split()) > 10:
        broken.append("long-answer")
    outside = re.sub(r"<\|begin_of_documents\|>.*?<\|end_of_documents\|>", "", text, flags=re.DOTALL)
    if any("\u4e00" <= char <= "\u9fff" for char in outside):
        broken.append("chinese")
    return score - (2 if broken else 0), broken


def main():
    rows = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
    best = None
    for _ in range(5):
        start = time.process_time()
        total = 0.0
        for row in rows:
            answer_metrics(row.get("predicted") or "", row["answers"])
            total += reward(row["text"], row["answers"])[0]
        seconds = time.process_time() - start
        best = seconds if best is None else min(best, seconds)
    print(json.dumps({"seconds": best, "rows": len(rows), "total": total}))


main()
