import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Folder, openFolder } from "../../../server/home.ts";
import { type FolderIndex, openFolderIndex } from "../../../server/index/folder-index.ts";

const documents: Record<string, string> = {
  "ja.md":
    "# 北ドーム\n\nケストレル分光器は北ドームに設置されている。担当者はマルタ・クイルである。\n\n湿度が高いときはシャッターを閉める。夜間の観測は日没後に始まる。\n",
  "zh.txt": "红隼光谱仪安装在北穹顶。湿度过高时必须关闭百叶窗。夜间观测在日落后开始，由玛尔塔负责。\n",
  "ko.md":
    "# 북쪽 돔\n\n분광기는 북쪽 돔에 설치되어 있다. 습도가 높으면 셔터를 닫는다. 야간 관측은 해가 진 뒤에 시작한다.\n",
  "de.rst":
    "Norddom\n=======\n\nDer Spektrograph steht im Norddom und wird von Marta Quill betreut. Bei hoher Feuchtigkeit werden die Läden geschlossen, und die Beobachtung beginnt erst nach dem Untergang der Sonne.\n",
  "en.md":
    "# North Dome\n\nThe spectrograph stands in the North Dome and is looked after by Marta Quill. When humidity is high the shutters are closed, and observing begins only after the sun has set.\n",
  "lamp.lua": "-- The lamp is lit when the spectrograph is in use.\nfunction light_lamp() end\n",
  "code.py":
    "# The dome opens at dusk when the wind is low enough for all of its shutters to move.\ndef open_dome():\n    return 1\n",
};

let root: string;
let folder: Folder;
let index: FolderIndex;
const signal = new AbortController().signal;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "searchlight-languages-"));
  mkdirSync(join(root, "docs"));
  for (const [path, text] of Object.entries(documents)) writeFileSync(join(root, "docs", path), text);
  folder = openFolder(join(root, "docs"), join(root, "home"));
  index = await openFolderIndex(folder);
  await index.update(signal);
});
afterAll(async () => {
  await index.close();
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

const found = async (query: string) => {
  const { hits } = await index.search(query, 5, "words", signal);
  return hits.map(({ passage }) => passage);
};

describe("documents of several languages", () => {
  test.each([
    ["分光器", "ja.md"],
    ["湿度が高い", "ja.md"],
    ["光谱仪", "zh.txt"],
    ["日落后", "zh.txt"],
    ["분광기", "ko.md"],
    ["Feuchtigkeit", "de.rst"],
    ["humidity", "en.md"],
  ])("%s is found in %s", async (query, path) => {
    expect((await found(query))[0]?.place?.path).toBe(path);
  });

  test("carry their language, which a search can ask for; source code carries the one it is written in", async () => {
    const languages: Record<string, string | undefined> = {};
    for (const query of ["分光器", "光谱仪", "분광기", "Norddom", "humidity", "open_dome"]) {
      const [best] = await found(query);
      languages[best!.place!.path] = best!.language;
    }
    expect(languages).toEqual({
      "ja.md": "ja",
      "zh.txt": "zh",
      "ko.md": "ko",
      "de.rst": "de",
      "en.md": "en",
      "code.py": "python",
    });
    expect((await found("spectrograph kind:code")).map(({ place }) => place!.path)).toEqual(["lamp.lua"]);
    expect((await found("Marta lang:de")).map(({ place }) => place!.path)).toEqual(["de.rst"]);
  });
});
