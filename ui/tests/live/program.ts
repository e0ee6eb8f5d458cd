// Programs that run beside a test and end with it: the service, the app, and the terminal in between.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** The real `melody`, as it was built. */
const MELODY = process.env.MELODY_BIN ?? "../target/debug/melody";
/** The number that signs in, and the code that the service is told to send. */
export const PHONE = "9876543210";
export const OTP = "246810";

/** What the tests read of the JSON that a program prints. */
export interface Line {
  listening?: string;
  otp?: string;
  songs?: { id: string }[];
  /** Of a playlist. */
  items?: { song: { title: string } }[];
  /** Of comparisons of two backends. */
  comparisons?: { id: string }[];
  findings?: { call: string; path: string; kind: string; severity: string }[];
  /** Of sync: how many are saved, how many changes still wait. */
  entries?: number;
  pending?: number;
}

/** A program, and the JSON lines that it prints. */
export class Program {
  readonly #child;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<unknown>;
  #errors = "";

  constructor(args: readonly string[], env: NodeJS.ProcessEnv, program = MELODY) {
    this.#child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stderr.on("data", (text) => (this.#errors += String(text)));
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#ended = once(this.#child, "close");
    // One that does not start has no line, and says so there.
    this.#ended.catch((error: unknown) => (this.#errors += String(error)));
    process.once("exit", this.#kill);
  }

  /** The next document that it prints. */
  async line(): Promise<Line> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.#child.spawnargs.join(" ")} said nothing more: ${this.#errors}`);
    return JSON.parse(value) as Line;
  }

  /** Ends it: at once, as a power cut would, or as it is asked to end. */
  async end(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<void> {
    this.#child.kill(signal);
    await this.ended();
  }

  /** Waits until it has ended. */
  async ended(): Promise<void> {
    await this.#ended.catch(() => {});
    process.off("exit", this.#kill);
  }

  #kill = () => this.#child.kill("SIGKILL");
}

/** What goes wrong at the service: an entry of its switchboard. */
export interface Fault {
  route: string;
  kind: "delay" | "status" | "html" | "void_tokens" | "drop_before";
  status?: number;
  ms?: number;
  times?: number;
}

/** `melody serve`: the service, whose data outlive it. */
export class Service {
  address = "";
  #program: Program | undefined;

  constructor(
    readonly home: string,
    readonly env: NodeJS.ProcessEnv,
    /** What it is told besides. */
    readonly more: readonly string[] = [],
  ) {}

  /** Starts it, or starts it anew where it was: as it is, or with these faults. */
  async start(faults: readonly Fault[] = [], limits: "on" | "off" = "off"): Promise<void> {
    await this.stop();
    const board = join(this.home, "faults.toml");
    const table = (fault: Fault) =>
      Object.entries(fault).map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`);
    await writeFile(board, faults.map((fault) => `[[fault]]\n${table(fault).join("")}`).join(""));
    const args = ["serve", "--catalogue", "demo", "--data", join(this.home, "service"), "--faults", board];
    const port = this.address === "" ? "0" : new URL(this.address).port;
    this.#program = new Program([...args, "--port", port, "--otp", OTP, "--limits", limits, ...this.more], this.env);
    this.address = (await this.#program.line()).listening ?? "";
  }

  /** It is away: every connection is refused. */
  async stop(): Promise<void> {
    await this.#program?.end();
    this.#program = undefined;
  }

  /** The code of the next SMS, as the service says that it sent it. */
  async sms(): Promise<string> {
    return (await this.#program?.line())?.otp ?? "";
  }

  async maintenance(on: boolean): Promise<void> {
    await fetch(`${this.address}/admin/maintenance/${on ? "enable" : "disable"}`, { method: "POST" });
  }
}

/** One installation of `melody`, on a profile of its own. */
export class Melody {
  #web: Program | undefined;

  constructor(
    readonly profile: string,
    readonly env: NodeJS.ProcessEnv,
  ) {}

  /** A command of the terminal, and what it answered. */
  async run(...args: string[]): Promise<Line> {
    const program = this.#start(args);
    const answer = await program.line();
    await program.ended();
    return answer;
  }

  /** Serves the screen. Gives the address that a browser opens. */
  async web(): Promise<string> {
    this.#web = this.#start(["web"]);
    return (await this.#web.line()).listening ?? "";
  }

  /** Quits. */
  async end(): Promise<void> {
    await this.#web?.end("SIGTERM");
    this.#web = undefined;
  }

  #start(args: readonly string[]): Program {
    return new Program(["--json", "--profile", this.profile, ...args], this.env);
  }
}
