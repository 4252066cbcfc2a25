// node scripts/sample-documents.ts: writes the PDF and the Word document of the sample handbook, which no editor of text can.
import { once } from "node:events";
import { createWriteStream, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Document, type FileChild, HeadingLevel, Packer, Paragraph, Table, TableCell, TableRow, WidthType } from "docx";
import PDFDocument from "pdfkit";

const sample = join(import.meta.dirname, "..", "samples", "observatory");
/** Both formats carry a time; one that stays makes the same files again. */
const written = new Date("2024-01-15T12:00:00Z");

type Line = { heading: string } | { text: string } | { page: true };

const snowPlan: readonly Line[] = [
  { heading: "Snow plan" },
  {
    text: "The road to Skarnfell is kept open by the staff, not by the county. This plan says who clears what, in which order, and when the road is given up until morning.",
  },
  { heading: "The plough" },
  {
    text: "The plough is called Bellwether. She is a tracked vehicle from 1998 with a blade of 2.6 metres and stands in the lower garage beside the bus shelter. Her keys hang behind the door of the mechanics' room, under the yellow lamp.",
  },
  {
    text: "Bellwether is driven only by people with the blue card. The card is renewed each October after two hours on the slope with an instructor.",
  },
  { heading: "Order of clearing" },
  {
    text: "First the way from the lodge to the domes, on foot and with shovels. Then the yard of the generator house, so that the tank can be filled. Then the road down to the seventh bend. The rest of the road is cleared by daylight.",
  },
  { page: true },
  { heading: "When the road is given up" },
  {
    text: "The road is given up when drifts at the seventh bend stand higher than 90 centimetres, or when the wind on the ridge keeps above 22 metres per second for an hour. The duty night assistant decides and writes the hour into the log.",
  },
  {
    text: "While the road is given up, nobody drives, nobody walks down, and guests who planned to leave are given a bed. There are fourteen spare beds and blankets for twenty.",
  },
  { heading: "Salt and sand" },
  {
    text: "Salt is never spread above the third bend, since it is carried into the domes on boots. Sand is used instead: forty sacks are filled each September and stand in boxes with red lids along the road.",
  },
];

async function writeSnowPlan(): Promise<void> {
  const document = new PDFDocument({
    size: "A4",
    margin: 72,
    info: { Title: "Snow plan", Author: "Skarnfell Observatory", CreationDate: written, ModDate: written },
  });
  const file = createWriteStream(join(sample, "procedures", "snow-plan.pdf"));
  document.pipe(file);
  for (const line of snowPlan) {
    if ("page" in line) document.addPage();
    else if ("heading" in line) {
      document.font("Helvetica-Bold").fontSize(16).text(line.heading).moveDown(0.5);
      document.outline.addItem(line.heading);
    } else document.font("Helvetica").fontSize(11).text(line.text).moveDown();
  }
  document.end();
  await once(file, "finish");
}

const shelves = [
  ["Shelf", "Subject", "Loan"],
  ["Larch", "atlases and catalogues on paper", "in the room only"],
  ["Rowan", "manuals of instruments that are still in use", "one night"],
  ["Alder", "manuals of instruments that are not", "four weeks"],
  ["Juneberry", "novels, most of them about the sea", "until they are read"],
];

function readingRoomRules(): FileChild[] {
  const heading = (text: string): Paragraph => new Paragraph({ text, heading: HeadingLevel.HEADING_1 });
  return [
    new Paragraph({ text: "Rules of the reading room", heading: HeadingLevel.TITLE }),
    new Paragraph(
      "The reading room is above the kitchen. It is open at all hours and looked after by nobody, which works as long as everybody keeps to this page.",
    ),
    heading("Lending"),
    new Paragraph(
      "Whoever takes a volume writes its title, the date and a name on a card and leaves the card in its place. A card that has stood for a year is taken for a book that was given away.",
    ),
    heading("Shelves"),
    new Paragraph("The shelves are named after trees and shrubs; the names stand on brass plates."),
    new Table({
      width: { size: 100, type: WidthType.PERCENTAGE },
      rows: shelves.map(
        (row, at) =>
          new TableRow({
            tableHeader: at === 0,
            children: row.map((cell) => new TableCell({ children: [new Paragraph(cell)] })),
          }),
      ),
    }),
    heading("Quiet"),
    new Paragraph(
      "Nobody is called on the telephone in the reading room before two in the afternoon. The armchair by the stove belongs to whoever came off the night shift last.",
    ),
  ];
}

await writeSnowPlan();
const rules = new Document({
  creator: "Skarnfell Observatory",
  title: "Rules of the reading room",
  sections: [{ children: readingRoomRules() }],
});
writeFileSync(join(sample, "handbook", "reading-room.docx"), await Packer.toBuffer(rules));
