/** The two workspaces of a fresh installation: who they are, what their agents say, whom they call. */
export type Cast = {
  owner: { email: string; name: string };
  company: string;
  timeZone: string;
  region: string;
  agents: {
    name: string;
    language: string;
    prompt: string;
    welcomeMessage: string;
    maxCallSeconds: number;
    extraction: { key: string; description: string }[];
  }[];
  lists: {
    name: string;
    tag: string;
    rows: number;
    csv(rows: number): string;
    campaign: string;
    agent: number;
    maxConcurrent?: number;
  }[];
};

/** Park–Miller: the same people in every installation. */
function chance(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

const pick = <T>(of: readonly T[], next: () => number): T => of[Math.floor(next() * of.length)]!;

const puneFirst = [
  "Aarav",
  "Ananya",
  "Rohan",
  "Priya",
  "Vikram",
  "Meera",
  "Kunal",
  "Sneha",
  "Aditya",
  "Kavya",
  "Nikhil",
  "Pooja",
  "Siddharth",
  "Isha",
  "Omkar",
  "Tanvi",
  "Rajan",
  "Shruti",
  "Imran",
  "Farah",
  "Dev",
  "Anjali",
  "Harsh",
  "Lakshmi",
];
const puneLast = [
  "Kulkarni",
  "Deshpande",
  "Joshi",
  "Patil",
  "Shaikh",
  "Iyer",
  "Chavan",
  "Gokhale",
  "Bhosale",
  "Nair",
  "Mehta",
  "Pawar",
  "Kale",
  "D'Souza",
  "Khan",
  "Rao",
];
const austinFirst = [
  "Emma",
  "Liam",
  "Olivia",
  "Noah",
  "Mia",
  "Ethan",
  "Sofia",
  "Lucas",
  "Harper",
  "Mateo",
  "Ava",
  "Caleb",
  "Grace",
  "Diego",
  "Zoe",
  "Wyatt",
];
const austinLast = [
  "Johnson",
  "Garcia",
  "Miller",
  "Nguyen",
  "Davis",
  "Martinez",
  "Walker",
  "Hernandez",
  "O'Brien",
  "Lopez",
  "Reed",
  "Foster",
];

/** Semicolons, quotes and a byte order mark, as a European Excel writes it; some rows are no use, as in every real list. */
function recallList(rows: number): string {
  const next = chance(7);
  const lines = ["\uFEFFPatient;Mobile;E-mail;Last visit;Treatment;Area"];
  for (let n = 0; n < rows; n++) {
    const name = `${pick(puneFirst, next)} ${pick(puneLast, next)}`;
    const subscriber = `98220${String(10_100 + n * 37).padStart(5, "0")}`;
    const phone =
      n % 29 === 11
        ? "9.82E+09"
        : n % 23 === 5
          ? "12345"
          : n % 2
            ? `0${subscriber}`
            : `+91 ${subscriber.slice(0, 5)} ${subscriber.slice(5)}`;
    const visit = `2026-0${1 + (n % 6)}-${String(1 + (n % 27)).padStart(2, "0")}`;
    const email = `${name.toLowerCase().replace(/[^a-z]+/g, ".")}${n}@example.com`;
    lines.push(
      [
        `"${name}"`,
        phone,
        email,
        visit,
        pick(["Cleaning", "Root canal", "Aligners", '"Crown; upper left"', "Check-up"], next),
        pick(["Kothrud", "Baner", "Aundh", "Viman Nagar", "Hadapsar"], next),
      ].join(";"),
    );
  }
  lines.push(lines[3]!, lines[9]!);
  return `${lines.join("\r\n")}\r\n`;
}

function alignerLeads(rows: number): string {
  const next = chance(11);
  const lines = ["full_name,phone_number,company,notes,tags"];
  for (let n = 0; n < rows; n++) {
    const name = `${pick(puneFirst, next)} ${pick(puneLast, next)}`;
    lines.push(
      `${name},+91 9890${String(220_100 + n * 53).padStart(6, "0")},${pick(["", "Infosys", "Cummins", "Persistent", "Self-employed"], next)},"Asked about aligners, ${pick(["budget open", "wants EMI", "has a wedding in March", "comparing clinics"], next)}",${pick(["aligners", "aligners|instagram", "aligners|walk-in"], next)}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

function solarList(rows: number): string {
  const next = chance(23);
  const lines = ["Name,Phone,Email,City,Monthly bill,Roof"];
  for (let n = 0; n < rows; n++) {
    const name = `${pick(austinFirst, next)} ${pick(austinLast, next)}`;
    const line = 2_010_000 + n * 4_177;
    const digits = String(line).padStart(7, "0").slice(0, 7);
    const phone = n % 31 === 7 ? "call me" : `(512) ${digits.slice(0, 3)}-${digits.slice(3)}`;
    lines.push(
      `${name},${phone},${name.toLowerCase().replace(/[^a-z]+/g, ".")}@example.net,${pick(["Austin", "Round Rock", "Cedar Park", "Pflugerville"], next)},${90 + Math.floor(next() * 280)},${pick(["shingle", "metal", "tile"], next)}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

export const cast: Cast[] = [
  {
    owner: { email: "asha@sunrise-dental.example", name: "Asha Kulkarni" },
    company: "Sunrise Dental, Pune",
    timeZone: "Asia/Kolkata",
    region: "IN",
    agents: [
      {
        name: "Recall desk",
        language: "en",
        prompt:
          "You call patients of Sunrise Dental in Pune who have not been seen for six months. Be brief and kind. Offer a check-up this week, Monday to Saturday, 10:00 to 19:00. If they are busy, ask when to call back. If they do not want calls, say that you will note it and end the call.",
        welcomeMessage: "Hello, this is the recall desk of Sunrise Dental. Am I speaking to {name}?",
        maxCallSeconds: 180,
        extraction: [
          { key: "preferred_time", description: "Day and time the patient would like to come" },
          { key: "complaint", description: "Any pain or trouble with teeth that the patient mentions" },
        ],
      },
      {
        name: "Aligner advisor",
        language: "en",
        prompt:
          "You call people who asked about clear aligners at Sunrise Dental. Find out their budget, when they want to start and whether they decide alone. Offer a free scan. Never give medical advice.",
        welcomeMessage: "Hello {name}, you asked Sunrise Dental about aligners. Is now a good moment?",
        maxCallSeconds: 300,
        extraction: [
          { key: "budget", description: "What the person is ready to spend" },
          { key: "start", description: "When treatment should begin" },
        ],
      },
    ],
    lists: [
      {
        name: "recall-july.csv",
        tag: "recall",
        rows: 96,
        csv: recallList,
        campaign: "Six-month recall",
        agent: 0,
      },
      {
        name: "aligner-leads.csv",
        tag: "aligners",
        rows: 60,
        csv: alignerLeads,
        campaign: "Aligner leads",
        agent: 1,
        maxConcurrent: 3,
      },
    ],
  },
  {
    owner: { email: "dana@lonestar-solar.example", name: "Dana Reed" },
    company: "Lone Star Solar, Austin",
    timeZone: "America/Chicago",
    region: "US",
    agents: [
      {
        name: "Roof survey",
        language: "en",
        prompt:
          "You call homeowners around Austin who asked for a solar estimate. Ask for roof type and monthly bill, and offer a survey visit. Accept a no at once.",
        welcomeMessage:
          "Hi {name}, this is Lone Star Solar about the estimate you asked for. Do you have a minute?",
        maxCallSeconds: 240,
        extraction: [
          { key: "monthly_bill", description: "Monthly electricity bill in dollars" },
          { key: "roof", description: "Kind and age of the roof" },
        ],
      },
    ],
    lists: [
      {
        name: "estimates.csv",
        tag: "estimate",
        rows: 48,
        csv: solarList,
        campaign: "Estimate requests",
        agent: 0,
      },
    ],
  },
];
