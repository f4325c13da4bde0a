import { createRequire, stripTypeScriptTypes } from "node:module";
import { accessSync, appendFileSync, closeSync, constants, createReadStream, existsSync, fstatSync, mkdtempSync, openSync, readFileSync, readSync, readdirSync, readlinkSync, realpathSync, rmSync, statSync, statfsSync } from "node:fs";
import { basename, delimiter, dirname, extname, join, relative, resolve, sep } from "node:path";
import { isUtf8 } from "node:buffer";
import { createHash, hash, randomBytes, randomUUID } from "node:crypto";
import { fileURLToPath, pathToFileURL } from "node:url";
import { access, constants as constants$1, mkdir, mkdtemp, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir, hostname, tmpdir, userInfo } from "node:os";
import { setImmediate as setImmediate$1, setTimeout as setTimeout$1 } from "node:timers/promises";
import { styleText } from "node:util";
import { checkServerIdentity } from "node:tls";
import { spawn } from "node:child_process";
// \0rolldown/runtime.js
var __create = Object.create;
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __getProtoOf = Object.getPrototypeOf;
var __hasOwnProp = Object.prototype.hasOwnProperty;
var __esmMin = (fn, res, err) => () => {
	if (err) throw err[0];
	try {
		return fn && (res = fn(fn = 0)), res;
	} catch (e) {
		throw err = [e], e;
	}
};
var __commonJSMin = (cb, mod) => () => (mod || (cb((mod = { exports: {} }).exports, mod, mod.exports), cb = null), mod.exports);
var __exportAll = (all, no_symbols) => {
	let target = {};
	for (var name in all) __defProp(target, name, {
		get: all[name],
		enumerable: true
	});
	if (!no_symbols) __defProp(target, Symbol.toStringTag, { value: "Module" });
	return target;
};
var __copyProps = (to, from, except, desc) => {
	if (from && typeof from === "object" || typeof from === "function") for (var keys = __getOwnPropNames(from), i = 0, n = keys.length, key; i < n; i++) {
		key = keys[i];
		if (!__hasOwnProp.call(to, key) && key !== except) __defProp(to, key, {
			get: ((k) => from[k]).bind(null, key),
			enumerable: !(desc = __getOwnPropDesc(from, key)) || desc.enumerable
		});
	}
	return to;
};
var __toESM = (mod, isNodeMode, target) => (target = mod != null ? __create(__getProtoOf(mod)) : {}, __copyProps(isNodeMode || !mod || !mod.__esModule || !__hasOwnProp.call(mod, "default") ? __defProp(target, "default", {
	value: mod,
	enumerable: true
}) : target, mod));
var __toCommonJS = (mod) => __hasOwnProp.call(mod, "module.exports") ? mod["module.exports"] : __copyProps(__defProp({}, "__esModule", { value: true }), mod);
var __require = /* #__PURE__ */ (() => createRequire(import.meta.url))();
// ../../core/src/errors.ts
function describeError$1(error) {
	const { cause } = error;
	return {
		code: error.code,
		message: error.message,
		...error.hint === void 0 ? {} : { hint: error.hint },
		...Object.keys(error.facts).length === 0 ? {} : { facts: error.facts },
		...cause instanceof Error ? { cause: `${cause.name}: ${cause.message}` } : {}
	};
}
/** Makes a `DetentError` of whatever was thrown. `code` and `message` are for what is not one already. */
function asDetentError(thrown, code, message) {
	if (thrown instanceof DetentError) return thrown;
	const words = thrown instanceof Error ? thrown.message : String(thrown);
	return new DetentError(code, message(words), { cause: thrown });
}
/** `CONFIG` for a programmer's mistake in calling Detent. */
function misuse(message, hint) {
	return new DetentError("CONFIG", message, hint === void 0 ? {} : { hint });
}
var ERROR_CODES, DetentError;
var init_errors$2 = __esmMin(() => {
	ERROR_CODES = {
		CONFIG: 64,
		USAGE: 64,
		CONNECTION: 69,
		READ_ONLY: 69,
		LOCK_HELD: 3,
		LOCK_LOST: 75,
		LOCK_TIMEOUT: 1,
		FOLDER_MISSING: 4,
		FILE_NAME: 4,
		FILE_UNREADABLE: 4,
		FILE_ENCODING: 4,
		FILE_CHANGED: 4,
		VERSION_DUPLICATE: 4,
		NAME_COLLISION: 4,
		LAYOUT_MIXED: 4,
		DOWN_ORPHAN: 4,
		SCRIPT_SYNTAX: 4,
		SCRIPT_DIRECTIVE: 4,
		PLACEHOLDER: 4,
		MODULE_LOAD: 4,
		MODULE_EXPORTS: 4,
		CHECKSUM: 4,
		MISSING: 4,
		OUT_OF_ORDER: 4,
		AHEAD: 4,
		DOWN_MISSING: 4,
		TRANSACTION_UNFIT: 4,
		DESTRUCTIVE: 4,
		BACKUP_UNFIT: 4,
		TARGET_UNKNOWN: 4,
		CONFIRM: 4,
		HISTORY_FOREIGN: 4,
		HISTORY_NEWER: 4,
		HISTORY_DAMAGED: 4,
		BASELINE: 4,
		STATE: 4,
		STATEMENT_FAILED: 1,
		SCRIPT_FAILED: 1,
		TRANSACTION_ENDED: 1,
		FOREIGN_KEYS: 1,
		HOOK_FAILED: 1,
		DOWN_FAILED: 1,
		BACKUP_FAILED: 1,
		BACKUP_DAMAGED: 1,
		CANCELLED: 1,
		RESTORE_FAILED: 5,
		RESTORE_BLOCKED: 5,
		ROLLBACK_DIFFERS: 5,
		UNKNOWN_STATE: 5,
		PENDING: 2,
		DRIFT: 2,
		INTERNAL: 5
	};
	DetentError = class extends Error {
		static [Symbol.hasInstance](value) {
			return value instanceof Error && value.name === "DetentError" && "code" in value;
		}
		name = "DetentError";
		code;
		hint;
		facts;
		constructor(code, message, details = {}) {
			super(message, details.cause === void 0 ? void 0 : { cause: details.cause });
			this.code = code;
			this.hint = details.hint;
			this.facts = details.facts ?? {};
		}
		toJSON() {
			return describeError$1(this);
		}
	};
});
// ../../core/src/nearest.ts
/** The candidate with the fewest edits from `word`, when it is near enough to be what was meant; `null` otherwise. */
function nearest(word, candidates) {
	let best = null;
	let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
	for (const candidate of candidates) {
		const distance = editDistance(word.toLowerCase(), candidate.toLowerCase(), bestDistance);
		if (distance < bestDistance) {
			best = candidate;
			bestDistance = distance;
		}
	}
	return best;
}
/** `; did you mean "x"?`, or nothing. */
function didYouMean(word, candidates) {
	const found = nearest(word, candidates);
	return found === null ? "" : `; did you mean "${found}"?`;
}
function editDistance(a, b, limit) {
	if (Math.abs(a.length - b.length) >= limit) return limit;
	let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
	for (let row = 1; row <= a.length; row += 1) {
		const current = [row];
		for (let column = 1; column <= b.length; column += 1) {
			const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
			current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
		}
		previous = current;
	}
	return previous[b.length] ?? limit;
}
var init_nearest = __esmMin(() => {});
// ../../core/src/config-shape.ts
/** Throws `CONFIG` for the first key that is unknown or has a wrong value. `path` is put before the key's name. */
function checkShape(value, keys, path) {
	if (!isObject$3(value)) throw misuse(`${path === "" ? "The options" : path} must be an object, not ${describe$2(value)}.`, "Write it as { name: value }.");
	for (const [key, item] of Object.entries(value)) {
		const name = path === "" ? key : `${path}.${key}`;
		const shape = Object.hasOwn(keys, key) ? keys[key] : void 0;
		if (shape === void 0) {
			const known = Object.keys(keys);
			throw misuse(`There is no option "${name}"${didYouMean(key, known) || "."}`, `Known here: ${known.join(", ")}.`);
		}
		if (item !== void 0) checkValue(item, shape, name);
	}
}
function checkValue(value, shape, name) {
	const wrong = (wanted, hint = `Correct ${name}, or leave it out for its default.`) => {
		throw misuse(`${name} must be ${wanted}, not ${describe$2(value)}.`, hint);
	};
	switch (shape.kind) {
		case "text":
			if (typeof value !== "string" || value === "" || value.includes("\0")) wrong("a text that is not empty");
			return;
		case "boolean":
			if (typeof value !== "boolean") wrong("true or false");
			return;
		case "number":
			if (typeof value !== "number" || !Number.isFinite(value) || value < shape.min) wrong(`a number of at least ${shape.min}`);
			return;
		case "choice":
			if (typeof value !== "string" || !shape.of.includes(value)) {
				const near = typeof value === "string" ? nearest(value, shape.of) : null;
				wrong(`one of ${shape.of.map((item) => `"${item}"`).join(", ")}`, near === null ? void 0 : `Did you mean "${near}"?`);
			}
			return;
		case "object":
			checkShape(value, shape.keys, name);
			return;
		case "functions":
			checkShape(value, Object.fromEntries(shape.of.map((key) => [key, { kind: "function" }])), name);
			return;
		case "function":
			if (typeof value !== "function") wrong("a function");
			return;
		case "list":
			if (!Array.isArray(value) || value.some((item) => typeof item !== "string")) wrong("a list of texts");
			return;
		case "record":
			if (!isObject$3(value) || Object.values(value).some((item) => typeof item !== "string")) wrong("an object of texts");
			return;
		case "adapter":
			if (!isObject$3(value) || typeof value["open"] !== "function" || typeof value["parse"] !== "function") wrong("an adapter", "Call the function of an adapter package and pass what it gives.");
			return;
		case "source":
			if (typeof value === "string" ? value === "" : !isObject$3(value) || typeof value["discover"] !== "function") wrong("a folder or a source of migrations", "Give a path, directory(…) or fromModules({…}).");
			return;
		case "logger":
			if (!isObject$3(value) || [
				"debug",
				"info",
				"warn",
				"error"
			].some((verb) => typeof value[verb] !== "function")) wrong("an object with debug, info, warn and error");
			return;
	}
}
function isObject$3(value) {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
/** A value as an error may show it: never its content, which may be secret, unless it is short and plain. */
function describe$2(value) {
	if (typeof value === "string") return value.length <= 30 && !/[:@/]/.test(value) ? JSON.stringify(value) : "another text";
	if (typeof value === "number" || typeof value === "boolean" || value === null || value === void 0) return String(value);
	if (Array.isArray(value)) return "a list";
	return typeof value === "function" ? "a function" : "an object";
}
var init_config_shape = __esmMin(() => {
	init_errors$2();
	init_nearest();
});
// ../../core/src/config.ts
/** Throws `CONFIG` naming the first key that is unknown or has a wrong value, and the nearest right one. */
function checkOptions$2(options) {
	checkShape(options, OPTION_SHAPES, "");
	if (options.adapter === void 0) throw misuse("There is no adapter.", "Pass what the function of an adapter package gives.");
	const { backup, lock, timeouts, ...rest } = withoutUndefined(options);
	const settings = {
		...defaultSettings,
		cwd: process.cwd(),
		...rest,
		adapter: options.adapter,
		backup: {
			...defaultSettings.backup,
			...withoutUndefined(backup ?? {})
		},
		lock: {
			...defaultSettings.lock,
			...withoutUndefined(lock ?? {})
		},
		timeouts: {
			...defaultSettings.timeouts,
			lockMs: options.adapter.lockTimeoutMs,
			...withoutUndefined(timeouts ?? {})
		}
	};
	if (settings.backup.mode === "restore-only" && settings.backup.from === null && restores(settings.rollback)) throw misuse("backup.mode is \"restore-only\", but backup.from names no backup.", "Set backup.from to the path of a backup.");
	return settings;
}
/** Whether a failed run may end in a restore. */
function restores(strategy) {
	return strategy === "backup" || strategy === "both";
}
/** Whether a failed run may run migrations the other way. */
function reverses(strategy) {
	return strategy === "down" || strategy === "both";
}
function withoutUndefined(value) {
	const entries = Object.entries(value).filter(([, item]) => item !== void 0);
	return Object.fromEntries(entries);
}
var milliseconds$2, OPTION_SHAPES, defaultSettings;
var init_config$1 = __esmMin(() => {
	init_config_shape();
	init_errors$2();
	milliseconds$2 = {
		kind: "number",
		min: 0
	};
	OPTION_SHAPES = {
		adapter: { kind: "adapter" },
		migrations: { kind: "source" },
		cwd: { kind: "text" },
		layout: {
			kind: "choice",
			of: [
				"auto",
				"detent",
				"flyway",
				"golang-migrate",
				"goose",
				"dbmate",
				"migrate-mongo"
			]
		},
		ignore: { kind: "list" },
		table: { kind: "text" },
		schema: { kind: "text" },
		transaction: {
			kind: "choice",
			of: [
				"each",
				"all",
				"none"
			]
		},
		rollback: {
			kind: "choice",
			of: [
				"none",
				"down",
				"backup",
				"both"
			]
		},
		backup: {
			kind: "object",
			keys: {
				mode: {
					kind: "choice",
					of: [
						"full",
						"create-only",
						"restore-only",
						"manual"
					]
				},
				folder: { kind: "text" },
				keep: { kind: "boolean" },
				from: { kind: "text" }
			}
		},
		lock: {
			kind: "object",
			keys: {
				onHeld: {
					kind: "choice",
					of: [
						"wait",
						"fail",
						"skip"
					]
				},
				waitMs: milliseconds$2
			}
		},
		timeouts: {
			kind: "object",
			keys: {
				connectMs: milliseconds$2,
				lockMs: milliseconds$2,
				statementMs: milliseconds$2
			}
		},
		outOfOrder: {
			kind: "choice",
			of: [
				"error",
				"run",
				"ignore"
			]
		},
		onAhead: {
			kind: "choice",
			of: ["warn", "error"]
		},
		onMissing: {
			kind: "choice",
			of: ["warn", "error"]
		},
		destructive: {
			kind: "choice",
			of: [
				"allow",
				"warn",
				"error"
			]
		},
		placeholders: { kind: "record" },
		hooks: {
			kind: "functions",
			of: [
				"beforeMigrate",
				"afterMigrate",
				"beforeEach",
				"afterEach"
			]
		},
		logger: { kind: "logger" },
		username: { kind: "text" }
	};
	defaultSettings = {
		migrations: "migrations",
		layout: "auto",
		ignore: [],
		table: "schema_version",
		schema: null,
		transaction: "each",
		rollback: "none",
		backup: {
			mode: "full",
			folder: ".detent/backups",
			keep: false,
			from: null
		},
		lock: {
			onHeld: "wait",
			waitMs: 6e5
		},
		timeouts: {
			connectMs: 1e4,
			statementMs: 0
		},
		outOfOrder: "error",
		onAhead: "warn",
		onMissing: "warn",
		destructive: "warn",
		placeholders: null,
		hooks: {},
		logger: {
			debug() {},
			info() {},
			warn() {},
			error() {}
		},
		username: null
	};
});
// ../../core/src/connection.ts
var Connection$1;
var init_connection = __esmMin(() => {
	Connection$1 = class {
		#settings;
		#signal;
		#open = null;
		constructor(settings, signal) {
			this.#settings = settings;
			this.#signal = signal;
		}
		async session(access) {
			if (this.#open !== null && (this.#open.access === "write" || access === "read")) return this.#open.session;
			await this.close();
			const { adapter, table, schema, timeouts, logger } = this.#settings;
			const session = await adapter.open({
				table,
				schema,
				logger,
				readOnly: access === "read",
				connectTimeoutMs: timeouts.connectMs,
				lockTimeoutMs: timeouts.lockMs,
				statementTimeoutMs: timeouts.statementMs,
				signal: this.#signal
			});
			this.#open = {
				access,
				session
			};
			return session;
		}
		async close() {
			const open = this.#open;
			this.#open = null;
			await open?.session.close();
		}
	};
});
// ../../core/src/events.ts
var Events;
var init_events = __esmMin(() => {
	Events = class {
		#listeners = /* @__PURE__ */ new Set();
		#onThrow;
		constructor(onThrow) {
			this.#onThrow = onThrow;
		}
		/** Gives the way to stop listening. */
		listen(listener) {
			this.#listeners.add(listener);
			return () => void this.#listeners.delete(listener);
		}
		emit(event) {
			for (const listener of this.#listeners) try {
				listener(event);
			} catch (error) {
				this.#onThrow(error);
			}
		}
	};
});
// ../../core/src/scan/version.ts
/**
* A version as the history knows it: parts joined by dots, without leading zeros, and without trailing parts that
* are zero, so that `01.0` is `1`. Takes `.` and `_` between the parts.
*/
function normalizeVersion(version) {
	if (!version.includes(".") && !version.includes("_")) return withoutZeros(version);
	const parts = version.split(/[._]/u).map(withoutZeros);
	while (parts.length > 1 && parts.at(-1) === "0") parts.pop();
	return parts.join(".");
}
/** Negative, 0 or positive. Parts are compared as integers of any length; a part that is not there is 0. */
function compareVersions(a, b) {
	if (a === b) return 0;
	if (a.length === b.length && isPlain(a) && isPlain(b)) return a < b ? -1 : 1;
	const left = normalizeVersion(a).split(".");
	const right = normalizeVersion(b).split(".");
	for (let i = 0; i < Math.max(left.length, right.length); i++) {
		const order = compareIntegers(left[i] ?? "0", right[i] ?? "0");
		if (order !== 0) return order;
	}
	return 0;
}
/** One integer without zeros in front, so that among equals in length the order of the text is that of the number. */
function isPlain(version) {
	return version[0] !== "0" && !version.includes(".") && !version.includes("_");
}
function withoutZeros(digits) {
	return digits.replace(/^0+(?=\d)/u, "");
}
/** Digits without leading zeros: the longer is the greater. */
function compareIntegers(a, b) {
	if (a.length !== b.length) return a.length - b.length;
	return a === b ? 0 : a < b ? -1 : 1;
}
/** By Unicode code point, the same on every machine and in every locale. */
function compareText(a, b) {
	const length = Math.min(a.length, b.length);
	for (let i = 0; i < length; i++) {
		const left = a.charCodeAt(i);
		const right = b.charCodeAt(i);
		if (left === right) continue;
		const leftIsHalf = left >= 55296 && left < 57344;
		if (leftIsHalf !== (right >= 55296 && right < 57344)) return leftIsHalf ? 1 : -1;
		return left - right;
	}
	return a.length - b.length;
}
/** The order of a run: by version, then by name; the repeatable ones come last, by name. */
function compareMigrations(a, b) {
	if (a.version === null || b.version === null) {
		if (a.version === b.version) return compareText(a.name, b.name);
		return a.version === null ? 1 : -1;
	}
	return compareVersions(a.version, b.version) || compareText(a.name, b.name);
}
var init_version = __esmMin(() => {});
// ../../core/src/scan/checksum.ts
/** Both hashes; computed once where the bytes are canonical already. */
function checksumOf(bytes) {
	const rawChecksum = `v1:sha256:${hash("sha256", bytes)}`;
	if (!hasByteOrderMark(bytes) && !bytes.includes(CR)) return {
		checksum: rawChecksum,
		rawChecksum
	};
	return {
		checksum: `v1:sha256:${hash("sha256", canonical(bytes))}`,
		rawChecksum
	};
}
/** Both hashes of text in canonical form. */
function plainChecksum(text) {
	return `v1:sha256:${hash("sha256", text)}`;
}
/** The text that is run: as in the file, without its byte order mark. */
function textOf$3(bytes) {
	return bytes.toString("utf8", hasByteOrderMark(bytes) ? 3 : 0);
}
/**
* How a file compares with what was applied. Either hash is enough; `canonical-only` means that only line ends or a
* byte order mark changed. A twin counts as the file itself, and a baseline row, which has no hash, fits every file.
*/
function matchesChecksum(entry, file) {
	if (entry.checksum === null || entry.rawChecksum === file.rawChecksum) return "same";
	const candidates = file.twin ? [file, file.twin] : [file];
	if (candidates.some((candidate) => candidate.rawChecksum === entry.rawChecksum)) return "same";
	return candidates.some((candidate) => candidate.checksum === entry.checksum) ? "canonical-only" : "different";
}
/** `FILE_ENCODING` for what is not UTF-8 text, `FILE_UNREADABLE` for nothing but white space; `null` when all is well. */
function findTextProblem(bytes, file, mayBeBlank) {
	const wide = wideEncoding(bytes);
	if (wide !== null) return encodingProblem(`${file} is written in ${wide}.`, file, 1);
	const zero = bytes.indexOf(0);
	if (zero !== -1) return encodingProblem(`${file} holds a NUL byte.`, file, lineAt$1(bytes, zero));
	if (!isUtf8(bytes)) return encodingProblem(`${file} is not valid UTF-8.`, file, firstInvalidLine(bytes));
	if (mayBeBlank || !isBlank(bytes)) return null;
	return new DetentError("FILE_UNREADABLE", `${file} is empty.`, {
		hint: "Write what it is to do, or a comment that says why it does nothing.",
		facts: { place: { file } }
	});
}
function encodingProblem(message, file, line) {
	return new DetentError("FILE_ENCODING", message, {
		hint: "Save the file as UTF-8.",
		facts: { place: {
			file,
			line
		} }
	});
}
function hasByteOrderMark(bytes) {
	return bytes[0] === 239 && bytes[1] === 187 && bytes[2] === 191;
}
function isBlank(bytes) {
	let at = hasByteOrderMark(bytes) ? 3 : 0;
	for (let byte = bytes[at]; byte === 32 || byte !== void 0 && byte >= 9 && byte <= 13; byte = bytes[at]) at++;
	return at >= bytes.length;
}
function wideEncoding(bytes) {
	if (bytes[0] === 255 && bytes[1] === 254) return bytes[2] === 0 && bytes[3] === 0 ? "UTF-32" : "UTF-16";
	if (bytes[0] === 254 && bytes[1] === 255) return "UTF-16";
	return bytes[0] === 0 && bytes[1] === 0 && bytes[2] === 254 && bytes[3] === 255 ? "UTF-32" : null;
}
function canonical(bytes) {
	const start = hasByteOrderMark(bytes) ? 3 : 0;
	const out = Buffer.allocUnsafe(bytes.length - start);
	let length = 0;
	let from = start;
	for (let at = bytes.indexOf(CR, start); at !== -1; at = bytes.indexOf(CR, from)) {
		length += bytes.copy(out, length, from, at);
		out[length++] = LF;
		from = bytes[at + 1] === LF ? at + 2 : at + 1;
	}
	length += bytes.copy(out, length, from);
	return out.subarray(0, length);
}
function lineAt$1(bytes, offset) {
	let line = 1;
	for (let at = bytes.indexOf(LF); at !== -1 && at < offset; at = bytes.indexOf(LF, at + 1)) line++;
	return line;
}
/** No character of UTF-8 holds the byte of LF, so each line can be judged by itself. */
function firstInvalidLine(bytes) {
	let line = 1;
	let from = 0;
	for (let at = bytes.indexOf(LF); at !== -1 && isUtf8(bytes.subarray(from, at)); at = bytes.indexOf(LF, from)) {
		line++;
		from = at + 1;
	}
	return line;
}
var LF, CR;
var init_checksum = __esmMin(() => {
	init_errors$2();
	LF = 10;
	CR = 13;
});
// ../../core/src/scan/selector.ts
/** Whether the migration counts as done. */
function isApplied(entry) {
	return STANDING.has(entry.state);
}
/** Whether a run is in the middle of something, or died there. */
function isStuck(entries) {
	return entries.some(({ state }) => state !== "applied" && IN_THE_MIDDLE.has(state));
}
/**
* How a file compares with what was applied. A migration applied as TypeScript and deployed as what was compiled of
* it, or the other way round, has no text in common to compare.
*/
function matchesApplied(entry, file) {
	return file.up.kind === "code" && file.twin === null && isTypeScript(entry.file) !== isTypeScript(file.file) ? "same" : matchesChecksum(entry, file);
}
function isTypeScript(file) {
	return /\.[mc]?ts$/u.test(file);
}
function highest(entries) {
	let best = null;
	for (const { version } of entries) if (version !== null && (best === null || compareVersions(version, best) > 0)) best = version;
	return best;
}
var IN_THE_MIDDLE, STANDING, MigrationScriptSelector;
var init_selector = __esmMin(() => {
	init_version();
	init_checksum();
	IN_THE_MIDDLE = /* @__PURE__ */ new Set([
		"running",
		"rolling_back",
		"restoring"
	]);
	STANDING = /* @__PURE__ */ new Set(["applied", "baseline"]);
	MigrationScriptSelector = class {
		#byId;
		/** The highest version that is applied, and the version up to which a baseline covers everything. */
		newestApplied;
		baseline;
		constructor(entries) {
			this.#byId = new Map(entries.map((entry) => [entry.id, entry]));
			this.newestApplied = highest(entries.filter(isApplied));
			this.baseline = highest(entries.filter((entry) => entry.state === "baseline"));
		}
		entryOf(file) {
			return this.#byId.get(file.id);
		}
		/** Not applied, not covered by a baseline, or repeatable and changed. In the order given. */
		getPending(files) {
			return files.filter((file) => this.#isPending(file));
		}
		/** Covered by a baseline. In the order given. */
		getIgnored(files) {
			return files.filter((file) => this.#isBelowBaseline(file) && !this.#isStanding(file));
		}
		/** Pending although a higher version is applied. */
		isOutOfOrder(file) {
			return file.version !== null && this.newestApplied !== null && compareVersions(file.version, this.newestApplied) < 0;
		}
		#isPending(file) {
			if (this.#isBelowBaseline(file)) return false;
			const entry = this.#byId.get(file.id);
			if (entry === void 0 || !isApplied(entry)) return true;
			return file.kind === "repeatable" && matchesApplied(entry, file) === "different";
		}
		#isBelowBaseline(file) {
			return file.version !== null && this.baseline !== null && compareVersions(file.version, this.baseline) <= 0;
		}
		#isStanding(file) {
			const entry = this.#byId.get(file.id);
			return entry !== void 0 && isApplied(entry);
		}
	};
});
// ../../core/src/plan/history-check.ts
/** What the history says of files that are gone, edited or above everything. Pure. */
function compareWithHistory(scan, settings) {
	const files = new Map(scan.files.map((file) => [file.id, file]));
	const newest = scan.files.findLast((file) => file.version !== null)?.version ?? null;
	const problems = [];
	const warnings = [];
	const missing = [];
	const ahead = [];
	const edited = [];
	for (const entry of scan.history.entries) {
		if (entry.state === "unknown") problems.push(unknownState(entry));
		if (!isApplied(entry) || entry.state === "baseline") continue;
		const file = files.get(entry.id);
		if (file === void 0) {
			(entry.version !== null && newest !== null && compareVersions(entry.version, newest) > 0 ? ahead : missing).push(entry);
			continue;
		}
		const match = entry.kind === "repeatable" ? "same" : matchesApplied(entry, file);
		if (match === "different") {
			edited.push({
				file,
				entry
			});
			problems.push(editedProblem(file));
		}
		if (match === "canonical-only") warnings.push(`${file.file} has other line endings than when it was applied.`);
	}
	report(ahead, settings.onAhead, aheadProblem, problems, warnings);
	report(missing, settings.onMissing, missingProblem, problems, warnings);
	return {
		problems,
		warnings,
		missing: [...missing, ...ahead],
		ahead,
		edited
	};
}
function report(entries, policy, problem, problems, warnings) {
	if (entries.length === 0) return;
	const found = problem(entries);
	if (policy === "error") problems.push(found);
	else warnings.push(found.message);
}
function editedProblem(file) {
	return new DetentError("CHECKSUM", `${file.file} was edited after it was applied.`, {
		hint: "Undo the edit and write a new migration; or run it again with `detent redo`; or accept the edit with `detent repair`.",
		facts: { place: { file: file.file } }
	});
}
function aheadProblem(entries) {
	return new DetentError("AHEAD", `The database is ahead of the files: ${listed$1(entries)} applied, with no file here.`, { hint: "This is an older release of the application, or files were not deployed." });
}
function missingProblem(entries) {
	return new DetentError("MISSING", `The files of ${listed$1(entries)} are gone, but applied.`, { hint: "Bring the files back from version control, or take them out of the history with `detent mark --as rolled_back`." });
}
function unknownState(entry) {
	const which = entry.version ?? entry.id;
	return new DetentError("UNKNOWN_STATE", `Nobody can know whether ${entry.file} ran to its end.`, {
		hint: `Look at the database, then say what is so: \`detent resolve ${which} --as applied\` or \`detent resolve ${which} --as rolled_back\`.`,
		facts: {
			place: { file: entry.file },
			version: entry.version
		}
	});
}
function listed$1(entries) {
	const names = entries.slice(0, 5).map((entry) => entry.file);
	const more = entries.length - names.length;
	return more > 0 ? `${names.join(", ")} and ${more} more are` : `${names.join(", ")} ${entries.length === 1 ? "is" : "are"}`;
}
var init_history_check = __esmMin(() => {
	init_errors$2();
	init_selector();
	init_version();
});
// ../../core/src/plan/plan.ts
function stepInfo(source, direction) {
	const { id, version, name, file } = source;
	return {
		id,
		version,
		name,
		file,
		direction
	};
}
/** Fills in `kind` from the rest. */
function planOf(parts) {
	return {
		kind: parts.problems.length > 0 ? "refused" : parts.steps.length === 0 ? "nothing" : "steps",
		...parts
	};
}
var init_plan = __esmMin(() => {});
// ../../core/src/plan/migrate.ts
/** Plans a run upwards, to `to` or to the end. Pure. */
function planMigrate(scan, settings, to) {
	if (to === null && isUnchanged(scan)) return nothingToDo(scan);
	const selector = new MigrationScriptSelector(scan.history.entries);
	const check = compareWithHistory(scan, settings);
	const problems = [...scan.problems, ...check.problems];
	const warnings = [...check.warnings];
	const ignored = selector.getIgnored(scan.files);
	const steps = [];
	if (to !== null) problems.push(...checkTarget(to, scan));
	for (const file of selector.getPending(scan.files)) {
		if (to !== null && (file.version === null || compareVersions(file.version, to) > 0)) continue;
		const entry = selector.entryOf(file) ?? null;
		const reason = reasonFor(file, entry, selector);
		if (reason === "out-of-order" && settings.outOfOrder === "ignore") {
			ignored.push(file);
			warnings.push(`${file.file} is older than ${selector.newestApplied}, which is applied, and is ignored.`);
			continue;
		}
		if (reason === "out-of-order" && settings.outOfOrder === "error") problems.push(outOfOrder(file, selector.newestApplied));
		steps.push({
			info: stepInfo(file, "up"),
			file,
			entry,
			reason
		});
	}
	return planOf({
		operation: "migrate",
		steps,
		migrated: scan.history.entries.filter(isApplied),
		ignored,
		missing: check.missing,
		ahead: check.ahead,
		problems,
		warnings
	});
}
/** Files and history side by side, each applied as it is now: what nearly every start finds. */
function isUnchanged({ files, history, problems }) {
	const { entries } = history;
	if (problems.length > 0 || files.length !== entries.length) return false;
	return entries.every(({ id, state, rawChecksum }, index) => {
		const file = files[index];
		return state === "applied" && file?.id === id && file.rawChecksum === rawChecksum;
	});
}
function nothingToDo({ history }) {
	return planOf({
		operation: "migrate",
		migrated: history.entries,
		steps: [],
		ignored: [],
		missing: [],
		ahead: [],
		problems: [],
		warnings: []
	});
}
function reasonFor(file, entry, selector) {
	if (file.kind === "repeatable") return entry !== null && isApplied(entry) ? "changed" : "pending";
	if (entry !== null && (entry.state === "running" || entry.state === "failed")) return "interrupted";
	return selector.isOutOfOrder(file) ? "out-of-order" : "pending";
}
function outOfOrder(file, newest) {
	return new DetentError("OUT_OF_ORDER", `${file.file} is older than version ${newest}, which is already applied.`, {
		hint: "Give it a newer version, or set outOfOrder to \"run\" or \"ignore\".",
		facts: { place: { file: file.file } }
	});
}
/** A version that is neither a file nor in the history is a mistake. */
function checkTarget(to, scan) {
	const versions = [...scan.files, ...scan.history.entries].flatMap(({ version }) => version === null ? [] : [version]);
	if (normalizeVersion(to) === "0" || versions.some((version) => compareVersions(version, to) === 0)) return [];
	const near = nearest(to, versions);
	return [new DetentError("TARGET_UNKNOWN", `There is no migration with version ${to}.`, { hint: near === null ? "See `detent status` for the versions there are." : `The nearest is ${near}; see \`detent status\` for all.` })];
}
var init_migrate = __esmMin(() => {
	init_errors$2();
	init_selector();
	init_version();
	init_nearest();
	init_history_check();
	init_plan();
});
// ../../core/src/plan/down.ts
/** Plans a run downwards along the order of application. Pure. */
function planDown(scan, settings, target) {
	const check = compareWithHistory(scan, {
		...settings,
		onMissing: "warn",
		onAhead: "warn"
	});
	const problems = [...scan.problems, ...check.problems];
	const applied = scan.history.entries.filter(isApplied);
	const chosen = choose(applied, target);
	if ("to" in target) problems.push(...checkTarget(target.to, scan));
	const halfway = scan.history.entries.find(({ state }) => state === "running");
	if (halfway !== void 0) problems.push(halfWay(halfway));
	const baseline = chosen.find((entry) => entry.state === "baseline");
	if (baseline !== void 0) problems.push(new DetentError("BASELINE", `Version ${baseline.version} is a baseline: nothing is known of what was before it.`, { hint: `Go back to ${baseline.version} at most.` }));
	return planOf({
		operation: "down",
		steps: chosen.filter((entry) => entry.state !== "baseline").map((entry) => downStep(scan, entry, "requested")),
		migrated: applied,
		ignored: [],
		missing: check.missing,
		ahead: check.ahead,
		problems,
		warnings: check.warnings
	});
}
/** Plans to undo the newest migration, or `version`, and to apply its file again. An edited file is what this is for. */
function planRedo(scan, settings, version) {
	const check = compareWithHistory(scan, {
		...settings,
		onMissing: "warn",
		onAhead: "warn"
	});
	const applied = scan.history.entries.filter(isApplied);
	const newest = choose(applied, { steps: 1 })[0];
	const entry = version === null ? newest : applied.find((item) => item.version !== null && compareVersions(item.version, version) === 0);
	const problems = [...scan.problems, ...check.problems.filter((problem) => problem.facts.place?.file !== entry?.file)];
	const steps = [];
	if (entry === void 0) problems.push(version === null ? new DetentError("TARGET_UNKNOWN", "Nothing is applied, so there is nothing to do again.", { hint: "Run `detent up`." }) : new DetentError("TARGET_UNKNOWN", `Version ${version} is not applied.`, { hint: "See `detent status`." }));
	else {
		const file = scan.files.find((item) => item.id === entry.id);
		if (entry.state === "baseline" || file === void 0) problems.push(new DetentError("MISSING", `${entry.file} has no file to apply again.`, { hint: "Bring the file back, or use `detent down`." }));
		else steps.push(downStep(scan, entry, "requested"), {
			info: stepInfo(file, "up"),
			file,
			entry,
			reason: "requested"
		});
	}
	return planOf({
		operation: "redo",
		steps,
		migrated: applied,
		ignored: [],
		missing: check.missing,
		ahead: check.ahead,
		problems,
		warnings: check.warnings
	});
}
function downStep(scan, entry, reason) {
	const file = scan.files.find((item) => item.id === entry.id) ?? null;
	return {
		info: stepInfo(file ?? entry, "down"),
		file,
		entry,
		reason
	};
}
function halfWay({ file, version, id }) {
	return new DetentError("STATE", `${file} ran in part, so it is neither applied nor undone.`, {
		hint: `Finish it with \`detent up\`, or say what is so with \`detent resolve ${version ?? id} --as rolled_back\`.`,
		facts: { place: { file } }
	});
}
/** Newest first. Repeatable migrations have no place on the way back. */
function choose(applied, target) {
	const order = applied.filter((entry) => entry.kind === "versioned").toSorted(byApplication);
	if ("steps" in target) return order.slice(0, target.steps);
	return order.filter((entry) => entry.version !== null && compareVersions(entry.version, target.to) > 0);
}
function byApplication(a, b) {
	return b.appliedOrder - a.appliedOrder || compareVersions(b.version ?? "0", a.version ?? "0");
}
var init_down$1 = __esmMin(() => {
	init_errors$2();
	init_selector();
	init_version();
	init_history_check();
	init_migrate();
	init_plan();
});
// ../../core/src/plan/status.ts
/** Whether the whole row says more than the entry. */
function isUnended({ state }) {
	return UNENDED.has(state);
}
/** Lays files and history side by side; `rows` are those of what did not end. Pure. */
function statusOf(scan, settings, { holder, rows }) {
	const selector = new MigrationScriptSelector(scan.history.entries);
	const pending = new Set(selector.getPending(scan.files));
	const ignored = new Set(selector.getIgnored(scan.files));
	const files = new Map(scan.files.map((file) => [file.id, file]));
	const migrations = [];
	for (const file of scan.files) {
		const entry = selector.entryOf(file);
		migrations.push({
			...identity(file),
			status: statusWord(file, entry, pending, ignored),
			appliedAt: appliedAt(entry),
			stopped: stoppedAt(entry, rows)
		});
	}
	for (const entry of scan.history.entries) {
		if (files.has(entry.id) || entry.state === "rolled_back") continue;
		migrations.push({
			...identity(entry),
			status: entry.state === "applied" ? "missing" : entry.state,
			appliedAt: appliedAt(entry),
			stopped: stoppedAt(entry, rows)
		});
	}
	migrations.sort(compareMigrations);
	const check = compareWithHistory(scan, settings);
	const applied = migrations.filter(({ status }) => status === "applied" || status === "baseline").length;
	const waiting = migrations.filter(({ status }) => status === "pending").length;
	return {
		target: settings.adapter.target,
		migrations,
		version: selector.newestApplied,
		counts: {
			applied,
			pending: waiting,
			other: migrations.length - applied - waiting
		},
		holder,
		problems: [...scan.problems, ...check.problems],
		warnings: check.warnings
	};
}
function statusWord(file, entry, pending, ignored) {
	if (ignored.has(file)) return "ignored";
	if (entry !== void 0 && isApplied(entry) && file.kind === "versioned" && matchesApplied(entry, file) === "different") return "edited";
	if (entry !== void 0 && entry.state !== "rolled_back" && !(pending.has(file) && isApplied(entry))) return entry.state;
	return "pending";
}
function identity({ id, version, name, kind, file }) {
	return {
		id,
		version,
		name,
		kind,
		file
	};
}
function appliedAt(entry) {
	return entry !== void 0 && isApplied(entry) ? entry.finishedAt : null;
}
function stoppedAt(entry, rows) {
	const row = entry === void 0 || !isUnended(entry) ? void 0 : rows.find(({ id }) => id === entry.id);
	return row === void 0 ? null : {
		done: row.statementsDone,
		total: row.statementsTotal,
		error: row.error
	};
}
var UNENDED;
var init_status = __esmMin(() => {
	init_selector();
	init_version();
	init_history_check();
	UNENDED = /* @__PURE__ */ new Set([
		"failed",
		"running",
		"rolling_back",
		"unknown"
	]);
});
// ../../core/src/tool-version.ts
var TOOL_VERSION;
var init_tool_version = __esmMin(() => {
	TOOL_VERSION = "0.1.0";
});
// ../../core/src/history/schema-version-service.ts
/** A row for a migration that is about to run. `previous` is its row so far, which keeps its attempts. */
function startRow(file, identity, previous, order) {
	return {
		id: file.id,
		version: file.version,
		name: file.name,
		kind: file.kind,
		state: "running",
		file: file.file,
		checksum: file.checksum,
		rawChecksum: file.rawChecksum,
		appliedOrder: order,
		finishedAt: null,
		statementsTotal: null,
		statementsDone: 0,
		statementHashes: [],
		intent: null,
		cursors: {},
		attempt: (previous?.attempt ?? 0) + 1,
		token: identity.token,
		runId: identity.runId,
		username: identity.username,
		startedAt: Date.now(),
		durationMs: null,
		result: null,
		errorCode: null,
		error: null,
		downSource: null,
		toolVersion: TOOL_VERSION
	};
}
/** The row after its last step. */
function finishRow(row, state, result) {
	const finishedAt = Date.now();
	return {
		...row,
		state,
		finishedAt,
		durationMs: finishedAt - row.startedAt,
		result,
		intent: null,
		cursors: {},
		errorCode: null,
		error: null
	};
}
/** The row after a failure. What was done stays counted. */
function failRow(row, error) {
	const finishedAt = Date.now();
	return {
		...row,
		state: "failed",
		finishedAt,
		durationMs: finishedAt - row.startedAt,
		errorCode: error.code,
		error: error.message
	};
}
/** What is kept of a statement that is done, so that a changed file is noticed. */
function statementHash(text) {
	return hash("sha256", text).slice(0, 16);
}
var SchemaVersionService;
var init_schema_version_service = __esmMin(() => {
	init_tool_version();
	SchemaVersionService = class {
		#store;
		constructor(store) {
			this.#store = store;
		}
		init() {
			return this.#store.init();
		}
		getAllMigrated() {
			return this.#store.read();
		}
		load(id) {
			return this.#store.load(id);
		}
		save(row) {
			return this.#store.save(row);
		}
		events(limit) {
			return this.#store.events(limit);
		}
		/** Adds a line to the ledger. */
		append(identity, action, id, detail) {
			return this.#store.append({
				at: Date.now(),
				runId: identity.runId,
				actor: identity.username,
				action,
				id,
				detail
			});
		}
		/** Saves the row and the line about it; in a transaction where the caller has begun one. */
		async record(identity, row, action, detail) {
			await this.#store.save(row);
			await this.append(identity, action, row.id, detail);
		}
	};
});
// ../../core/src/scan/scanner.ts
function sorted(files) {
	return files.toSorted(compareMigrations);
}
var MigrationScanner;
var init_scanner = __esmMin(() => {
	init_version();
	MigrationScanner = class {
		#source;
		#adapter;
		#versions;
		constructor(source, adapter, versions) {
			this.#source = source;
			this.#adapter = adapter;
			this.#versions = versions;
		}
		/** Reads both at the same time. */
		async scan() {
			const history = this.#versions.getAllMigrated();
			const [discovered, entries] = await Promise.all([this.#source.discover(this.#adapter), history]);
			return {
				...discovered,
				files: sorted(discovered.files),
				history: entries
			};
		}
		/** The same files with the history as it is now. */
		async rescan(scan) {
			return {
				...scan,
				history: await this.#versions.getAllMigrated()
			};
		}
	};
});
// ../../core/src/scan/layout.ts
/**
* Under `auto` a source follows one custom, versions behind a `V` or bare ones. `LAYOUT_MIXED` names a file of each
* when it follows both; `null` when it does not.
*/
function findMixture(files) {
	const isPrefixed = ({ filename }) => filename.kind === "versioned" && filename.prefixed;
	const isBare = ({ filename }) => filename.kind === "versioned" && !filename.prefixed;
	if (!files.some(isPrefixed) || !files.some(isBare)) return null;
	const prefixed = firstOf(files.filter(isPrefixed));
	const bare = firstOf(files.filter(isBare));
	return new DetentError("LAYOUT_MIXED", `${prefixed} has a V before its version and ${bare} has none.`, {
		hint: "Name all files in one way, or say which way is yours with \"layout\"; the files of another way go into \"ignore\".",
		facts: {
			place: { file: bare },
			files: [prefixed, bare]
		}
	});
}
function firstOf(files) {
	return files.map(({ file }) => file).reduce((first, file) => compareText(file, first) < 0 ? file : first);
}
var LAYOUTS;
var init_layout = __esmMin(() => {
	init_errors$2();
	init_version();
	LAYOUTS = [
		"auto",
		"detent",
		"flyway",
		"golang-migrate",
		"goose",
		"dbmate",
		"migrate-mongo"
	];
});
// ../../core/src/scan/assemble.ts
/** Makes migrations of files: puts ups to their downs, twins together, and finds what cannot stand side by side. */
function assemble(parts, layout, found) {
	const files = [];
	const hooks = [];
	const problems = [...found];
	const mixture = layout === "auto" ? findMixture(parts) : null;
	if (mixture !== null) problems.push(mixture);
	const add = ({ part, twin }, down) => {
		const { filename, content } = part;
		if (filename.kind === "hook") hooks.push({
			when: filename.when,
			content
		});
		else files.push(migrationOf(part, filename, twin, down));
	};
	for (const group of groupsOf(parts)) {
		if (!Array.isArray(group) && !isDown(group)) {
			add({
				part: group,
				twin: null
			}, null);
			continue;
		}
		const merged = mergeTwins([group].flat());
		const ups = merged.filter(({ part }) => !isDown(part));
		const downs = merged.filter(({ part }) => isDown(part));
		const wrong = [
			...clashes(ups),
			...clashes(downs),
			...ups.length === 0 ? downs.map(orphan) : []
		];
		problems.push(...wrong);
		if (wrong.length === 0 && ups[0] !== void 0) add(ups[0], downs[0]?.part.content ?? null);
	}
	hooks.sort((a, b) => compareText(a.content.file, b.content.file));
	problems.sort((a, b) => compareText(a.facts.place?.file ?? "", b.facts.place?.file ?? "") || compareText(a.message, b.message));
	return {
		files,
		hooks,
		problems
	};
}
function migrationOf(part, filename, twin, down) {
	return {
		id: filename.id,
		version: filename.kind === "versioned" ? filename.version : null,
		name: filename.name,
		kind: filename.kind,
		file: part.file,
		filepath: part.filepath,
		checksum: part.checksum,
		rawChecksum: part.rawChecksum,
		up: part.content,
		down,
		twin: twin === null ? null : {
			file: twin.file,
			checksum: twin.checksum,
			rawChecksum: twin.rawChecksum
		}
	};
}
/**
* What would be one row in the history stands in one group; repeatables also when only their case differs.
* Nearly every group is one file, so that one is not put into a list.
*/
function groupsOf(parts) {
	const groups = /* @__PURE__ */ new Map();
	for (const part of parts) {
		const key = keyOf(part.filename);
		const group = groups.get(key);
		if (group === void 0) groups.set(key, part);
		else if (Array.isArray(group)) group.push(part);
		else groups.set(key, [group, part]);
	}
	return groups.values();
}
function keyOf(filename) {
	switch (filename.kind) {
		case "versioned": return filename.id;
		case "repeatable": return fold(filename.id);
		case "hook": return fold(`${filename.when}__${filename.name}`);
	}
}
/** The TypeScript file is the migration; what was compiled from it, in the same folder, is its twin. */
function mergeTwins(group) {
	const byFile = new Map(group.map((part) => [part.file, part]));
	const twins = /* @__PURE__ */ new Map();
	for (const part of group) {
		const { extension } = part.filename;
		const compiledExtension = TWINS[extension];
		if (compiledExtension === void 0) continue;
		const twin = byFile.get(part.file.slice(0, -extension.length) + compiledExtension);
		if (twin !== void 0) twins.set(part, twin);
	}
	const compiled = new Set(twins.values());
	return group.filter((part) => !compiled.has(part)).map((part) => ({
		part,
		twin: twins.get(part) ?? null
	})).sort((a, b) => compareText(a.part.file, b.part.file));
}
function isDown({ filename }) {
	return filename.kind === "versioned" && filename.part === "down";
}
function clashes([first, ...others]) {
	if (first === void 0) return [];
	return others.map(({ part }) => clash(first.part, part));
}
function clash(first, second) {
	const files = [first.file, second.file];
	const problem = (code, message, hint) => new DetentError(code, message, {
		hint,
		facts: {
			place: { file: second.file },
			files
		}
	});
	if (fold(first.file) === fold(second.file) || !sameId(first.filename, second.filename)) return problem("NAME_COLLISION", `${first.file} and ${second.file} differ only in case or in how an accent is written.`, "Rename one of the two; on some disks they are one file.");
	if (first.filename.kind === "hook") return problem("NAME_COLLISION", `${first.file} and ${second.file} are the same hook.`, `Put both into one file, or give one a name: ${first.filename.when}__name.`);
	if (first.filename.kind === "repeatable") return problem("VERSION_DUPLICATE", `${first.file} and ${second.file} are both ${first.filename.id}.`, "Rename one of the two.");
	const what = isDown(first) ? "the way back of version" : "version";
	const hint = isDown(first) ? "Keep one of the two." : "Give the newer one a version of its own, if it was not applied anywhere yet.";
	return problem("VERSION_DUPLICATE", `${first.file} and ${second.file} are both ${what} ${first.filename.id}.`, hint);
}
function sameId(a, b) {
	return a.kind === "hook" || b.kind === "hook" || a.id === b.id;
}
function orphan({ part }) {
	return new DetentError("DOWN_ORPHAN", `${part.file} is a way back and there is no way up of its version.`, {
		hint: "Put the file of the same version that goes up beside it, or delete this one.",
		facts: { place: { file: part.file } }
	});
}
function fold(text) {
	return text.normalize("NFC").toUpperCase().toLowerCase();
}
var TWINS;
var init_assemble = __esmMin(() => {
	init_errors$2();
	init_layout();
	init_version();
	TWINS = {
		".ts": ".js",
		".mts": ".mjs",
		".cts": ".cjs"
	};
});
// ../../core/src/scan/walk.ts
/**
* Shows everything in the folder and below but the folders, in no order. Gives what is wrong: what could not be
* listed, and what `look` says.
*/
function walk(root, isIgnored, look) {
	const problems = [];
	const visit = (path, prefix) => {
		for (const dirent of listed(path, prefix, problems)) {
			const { name } = dirent;
			const file = prefix + name.normalize("NFC");
			if (isIgnored(file)) continue;
			const filepath = path + sep + name;
			const kind = kindOf$1(dirent);
			if (kind === null) {
				if (!name.startsWith(".") && name !== "node_modules") visit(filepath, `${file}/`);
				continue;
			}
			const problem = look({
				name,
				file,
				filepath,
				kind
			});
			if (problem !== null) problems.push(problem);
		}
	};
	visit(root, "");
	return problems;
}
/** `null` for a folder to go into. */
function kindOf$1(dirent) {
	if (dirent.isFile()) return "file";
	if (dirent.isDirectory()) return LIKE_A_FILE.test(dirent.name) ? "folder" : null;
	return dirent.isSymbolicLink() ? "link" : "special";
}
/**
* The path of the regular file that an entry is. Throws `FILE_UNREADABLE` for what is no regular file, and for a link
* that leads out of the root.
*/
function locate$1({ file, filepath, kind }, root) {
	if (kind === "file") return filepath;
	if (kind === "special") throw refused$2(file, "a pipe, a socket or a device, not a file", "Remove it");
	if (kind === "folder") throw refused$2(file, "a folder with the name of a file", "Rename it");
	const target = realpathSync(filepath);
	const inside = realpathSync(root);
	if (!target.startsWith(inside.endsWith(sep) ? inside : inside + sep)) throw refused$2(file, "a link that leads out of the migrations folder", "Put the file itself into the folder");
	const stats = statSync(target);
	if (stats.isDirectory()) throw refused$2(file, "a link to a folder, which is not followed", "Put the files themselves there");
	if (!stats.isFile()) throw refused$2(file, "a link to a pipe, a socket or a device", "Remove it");
	return target;
}
/** A problem for what the operating system said about a file or folder. */
function unreadable(file, thrown) {
	if (thrown instanceof DetentError) return thrown;
	const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "unknown";
	const [why, hint] = WHY[code] ?? [`it cannot be read (${code})`, "Check the file and the disk."];
	return new DetentError("FILE_UNREADABLE", `${file} cannot be read: ${why}.`, {
		hint,
		facts: { place: { file } },
		cause: thrown
	});
}
function refused$2(file, what, step) {
	return new DetentError("FILE_UNREADABLE", `${file} is ${what}.`, {
		hint: `${step}, or list it in "ignore".`,
		facts: { place: { file } }
	});
}
function listed(path, prefix, problems) {
	try {
		return readdirSync(path, { withFileTypes: true });
	} catch (thrown) {
		problems.push(prefix === "" ? missing$2(path, thrown) : unreadable(prefix.slice(0, -1), thrown));
		return [];
	}
}
function missing$2(path, thrown) {
	const code = thrown instanceof Error && "code" in thrown ? thrown.code : "";
	const problem = (message, hint) => new DetentError("FOLDER_MISSING", message, {
		hint,
		facts: { place: { file: path } },
		cause: thrown
	});
	switch (code) {
		case "ENOENT": return problem(`There is no folder ${path}.`, "Create it with \"detent init\", or name the right one as \"migrations\".");
		case "ENOTDIR": return problem(`${path} is not a folder.`, "Name the folder that holds the migrations, not a file.");
		default: return unreadable(path, thrown);
	}
}
var LIKE_A_FILE, WHY;
var init_walk = __esmMin(() => {
	init_errors$2();
	LIKE_A_FILE = /^(?:[VU]?\d|R__).*\.(?:sql|[mc]?[jt]s)$/iu;
	WHY = {
		EACCES: ["there is no permission", "Give the user that runs the migrations the right to read it."],
		EPERM: ["there is no permission", "Give the user that runs the migrations the right to read it."],
		ENOENT: ["it is a link to nothing, or was just removed", "Put the file back, or remove the link."],
		ELOOP: ["it is a link that leads to itself", "Remove the link."],
		EMFILE: ["too many files are open", "Raise the limit of open files (ulimit -n)."],
		ENFILE: ["too many files are open", "Raise the limit of open files (ulimit -n)."]
	};
});
// ../../core/src/scan/load-error.ts
/** Says why Node could not load the module, where, and what to do. `file` is the path that people see. */
function explainLoadError(thrown, filepath, file) {
	if (thrown instanceof DetentError) return thrown;
	const { message, code, stack } = wordsOf$4(thrown);
	const found = placeOf$4(stack) ?? (thrown instanceof SyntaxError ? syntaxPlace(filepath) : null);
	const inside = found === null || samePath(found.file, filepath);
	const place = {
		...found,
		file: inside || found === null ? file : found.file
	};
	const said = message.split("\n", 1)[0]?.replace(/\.$/u, "") ?? "";
	const where = inside ? "" : ` (in ${place.file})`;
	return new DetentError("MODULE_LOAD", `${file} cannot be loaded: ${said}${where}.`, {
		hint: hintFor$2(code, message),
		facts: {
			place,
			filepath
		},
		cause: thrown
	});
}
function wordsOf$4(thrown) {
	if (!(thrown instanceof Error)) return {
		message: `it threw ${typeof thrown === "string" ? thrown : "something that is no error"}`,
		code: "",
		stack: ""
	};
	const code = "code" in thrown && typeof thrown.code === "string" ? thrown.code : "";
	return {
		message: thrown.message,
		code,
		stack: thrown.stack ?? ""
	};
}
function hintFor$2(code, message) {
	if (code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") return "Node strips types and changes nothing else: write a plain object instead of an enum, a field and an assignment instead of a parameter property, or compile the file to .js.";
	if (code === "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING") return "Node loads no TypeScript below node_modules: compile the file to .js.";
	if (/^Cannot find package|^Cannot find module '[^./]/u.test(message) && !/^Cannot find module '(?:\/|[A-Za-z]:\\)/u.test(message)) return "Install the package where the migrations are, and check how its name is written.";
	if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") return "Check the path; Node wants the extension of the file as it is on disk, so \"./x.ts\", not \"./x\" or \"./x.js\".";
	if (/^(?:module|exports|require|__dirname|__filename) is not defined/u.test(message)) return "The file is an ES module: write import and export, or name it .cjs (.cts).";
	if (/^Unexpected token 'export'|^Cannot use import statement/u.test(message)) return "The file is CommonJS: write require and module.exports, name it .mjs (.mts), or set \"type\": \"module\" in the nearest package.json.";
	if (message.includes("does not provide an export named")) return "Check the name; a type is imported with \"import type\", because Node does not look at types.";
	if (code === "ERR_INVALID_TYPESCRIPT_SYNTAX" || /token|unexpected|missing|invalid/iu.test(message)) return "Correct the syntax; Node understands neither decorators nor JSX.";
	return "Correct what the file does when it is loaded; work on the database belongs into up and down.";
}
/** The first place in a file that the stack names: `/x.ts:3`, or `at … (file:///x.ts:3:7)`. */
function placeOf$4(stack) {
	const lines = stack.split("\n");
	const head = /^(.+):(\d+)$/u.exec(lines[0] ?? "");
	if (head !== null && !/^\w*Error/u.test(lines[0] ?? "")) {
		const [, path = "", line = ""] = head;
		const caret = lines.slice(1, 5).find((text) => /^\s*\^+\s*$/u.test(text));
		return {
			file: toPath(path),
			line: Number(line),
			...caret === void 0 ? {} : { column: caret.indexOf("^") + 1 }
		};
	}
	for (const text of lines) {
		const frame = /^\s*at (?:.*\()?((?:file:\/\/|\/|[A-Za-z]:\\)[^()]*?):(\d+):(\d+)\)?$/u.exec(text);
		if (frame === null) continue;
		const [, path = "", line = "", column = ""] = frame;
		return {
			file: toPath(path),
			line: Number(line),
			column: Number(column)
		};
	}
	return null;
}
function toPath(written) {
	const bare = written.replace(/\?.*$/u, "");
	return bare.startsWith("file:") ? fileURLToPath(bare) : bare;
}
function samePath(a, b) {
	if (a === b) return true;
	try {
		return realpathSync(a) === realpathSync(b);
	} catch {
		return false;
	}
}
/** Node does not say where the syntax of an ES module is wrong; its TypeScript parser does. */
function syntaxPlace(filepath) {
	try {
		stripTypeScriptTypes(readFileSync(filepath, "utf8"), { sourceUrl: filepath });
		return null;
	} catch (thrown) {
		return thrown instanceof Error ? placeOf$4(thrown.stack ?? "") : null;
	}
}
var init_load_error = __esmMin(() => {
	init_errors$2();
});
// ../../core/src/scan/load.ts
var load_exports = /* @__PURE__ */ __exportAll({ loadModule: () => loadModule });
/**
* Imports the module at `filepath` whose content hashes to `rawChecksum`. A file that changed since this process
* imported it is imported anew; what it imports itself is not. Throws `MODULE_LOAD`.
*/
async function loadModule(filepath, file, rawChecksum) {
	const url = pathToFileURL(filepath);
	const known = imported.get(filepath) ?? rawChecksum;
	imported.set(filepath, known);
	try {
		if (known !== rawChecksum) {
			delete createRequire(import.meta.url).cache[realpathSync(filepath)];
			url.searchParams.set("v", rawChecksum.slice(rawChecksum.lastIndexOf(":") + 1));
		}
		return await import(url.href);
	} catch (thrown) {
		throw explainLoadError(thrown, filepath, file);
	}
}
var imported;
var init_load$2 = __esmMin(() => {
	init_load_error();
	imported = /* @__PURE__ */ new Map();
});
// ../../core/src/scan/content.ts
/**
* The text of a file that nothing is odd about, in one call: valid UTF-8, not empty, without NUL, CR or white space at its
* beginning. `null` for any other, whose bytes are to be looked at.
*/
function readPlain(filepath) {
	const text = readFileSync(filepath, AS_TEXT$1);
	return /^\S/u.test(text) && !text.includes("\r") && !text.includes("\0") && !text.includes("�") ? text : null;
}
/**
* The bytes of the regular file at `filepath`, which is no link. They are valid until the next call.
*/
function readBytes(filepath) {
	const descriptor = openSync(filepath, FLAGS);
	try {
		const length = readSync(descriptor, shared, 0, shared.length, 0);
		if (length < shared.length && length > 0) return shared.subarray(0, length);
		if (!fstatSync(descriptor).isFile()) throw new DetentError("FILE_UNREADABLE", `${filepath} is not a regular file.`, { hint: "Put the file back." });
		return length === 0 ? shared.subarray(0, 0) : readFileSync(descriptor);
	} finally {
		closeSync(descriptor);
	}
}
function readUnchanged(filepath, file, rawChecksum) {
	const { text, checksum } = readNow(filepath, file);
	if (checksum !== rawChecksum) throw changed$1(file, "is not what it was");
	return text;
}
function readNow(filepath, file) {
	try {
		const text = readPlain(filepath);
		if (text !== null) return {
			text,
			checksum: plainChecksum(text)
		};
		const bytes = readBytes(filepath);
		return {
			text: textOf$3(bytes),
			checksum: checksumOf(bytes).rawChecksum
		};
	} catch (thrown) {
		throw thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT" ? changed$1(file, "is gone") : unreadable(file, thrown);
	}
}
function changed$1(file, what) {
	return new DetentError("FILE_CHANGED", `${file} ${what} since the files were read.`, {
		hint: "Run the command again when nothing writes to the folder.",
		facts: { place: { file } }
	});
}
var FLAGS, shared, AS_TEXT$1, ScriptContent, CodeContent;
var init_content = __esmMin(() => {
	init_errors$2();
	init_checksum();
	init_walk();
	FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
	shared = Buffer.allocUnsafe(65536);
	AS_TEXT$1 = {
		encoding: "utf8",
		flag: FLAGS
	};
	ScriptContent = class {
		kind = "script";
		file;
		#filepath;
		#rawChecksum;
		constructor(filepath, file, rawChecksum) {
			this.file = file;
			this.#filepath = filepath;
			this.#rawChecksum = rawChecksum;
		}
		async text() {
			return readUnchanged(this.#filepath, this.file, this.#rawChecksum);
		}
	};
	CodeContent = class {
		kind = "code";
		file;
		#filepath;
		#rawChecksum;
		constructor(filepath, file, rawChecksum) {
			this.file = file;
			this.#filepath = filepath;
			this.#rawChecksum = rawChecksum;
		}
		async source() {
			return readUnchanged(this.#filepath, this.file, this.#rawChecksum);
		}
		async module() {
			readUnchanged(this.#filepath, this.file, this.#rawChecksum);
			const { loadModule } = await Promise.resolve().then(() => (init_load$2(), load_exports));
			return loadModule(this.#filepath, this.file, this.#rawChecksum);
		}
	};
});
// ../../core/src/scan/misnamed.ts
/**
* Why a name is not a migration's, and the right name that is nearest. `found` is what the grammar had to say;
* `isRight` is asked before a name is proposed.
*/
function explainName(base, found, extensions, isRight) {
	if (LEFTOVER.test(base)) return advice("it looks like what an editor or a merge left behind", "Delete it, or list it in \"ignore\".");
	if (base.endsWith(".go")) return advice("Go code cannot be run here", "Write it again as .sql or .ts under the same version, or list it in \"ignore\".");
	if (/\.sql$/iu.test(base) && !extensions.includes(".sql")) return advice("migrations of this database are code", "Write it again as .ts or .js, with functions up and down, or list it in \"ignore\".");
	if (/\.sql\.conf$/iu.test(base)) return advice("settings are not read from a file beside the script", "Write them into the script, e.g. \"-- detent:transaction none\".");
	if (/^B\d[\d._]*__/u.test(base)) return advice("Flyway's baseline scripts are not run", "Use \"detent baseline\" on the database, and list the file in \"ignore\".");
	if (/\.(?:test|spec)\.[mc]?[tj]s$/u.test(base)) return advice("it is a test", "Put it in another folder, or list it in \"ignore\".");
	if (OTHER_HOOK.test(base)) return advice("of the hooks only beforeMigrate and afterMigrate are run", "Move what it does into one of these, or list it in \"ignore\".");
	const dot = base.lastIndexOf(".");
	const [stem, extension] = dot <= 0 ? [base, ""] : [base.slice(0, dot), base.slice(dot)];
	const ending = extensions.includes(extension) ? extension : rightExtension(extension, extensions);
	const right = ending === null ? null : propose(stem, ending, isRight);
	if (extension === "") return {
		reason: `it ends in none of ${extensions.join(" ")}`,
		nearest: null,
		hint: null
	};
	if (extension !== ending) return {
		reason: `it ends in "${extension}", which is none of ${extensions.join(" ")}`,
		nearest: right,
		hint: null
	};
	return {
		reason: found ?? describeStem(stem),
		nearest: right,
		hint: null
	};
}
function advice(reason, hint) {
	return {
		reason,
		nearest: null,
		hint
	};
}
function rightExtension(extension, extensions) {
	const lower = extension.trim().toLowerCase();
	if (extensions.includes(lower)) return lower;
	return extensions.find((known) => known.length > 3 && lower.startsWith(known.slice(0, 3))) ?? null;
}
/** Tries the ways in which the name could have been meant, the likeliest first. */
function propose(stem, extension, isRight) {
	if (isRight(stem + extension)) return stem + extension;
	const [, word = stem, name = ""] = /^(\w+?Migrate)_+(.*)$/iu.exec(stem) ?? [];
	const hook = nearest(word, ["beforeMigrate", "afterMigrate"]);
	if (hook !== null) return `${hook}${name === "" ? "" : `__${name}`}${extension}`;
	const [, letter = "", digits = "", gap = "", rest = ""] = LOOSE.exec(stem) ?? [];
	const prefix = letter.toUpperCase();
	const { name: cleaned, direction } = cleanName(rest);
	if (digits === "") return prefix === "R" && /^r_/iu.test(stem) ? `R__${cleaned}${extension}` : null;
	if (prefix === "R") return null;
	const joint = gap.includes("__") || /[._]/u.test(digits) || prefix === "U" ? "__" : "_";
	const directions = direction === "" ? ["", ".up"] : [direction, ""];
	return [prefix, prefix === "" ? "V" : ""].flatMap((first) => [joint, "__"].flatMap((between) => directions.map((last) => `${first}${digits}${between}${cleaned}${last}${extension}`))).find(isRight) ?? null;
}
function cleanName(written) {
	const word = /\.(\p{L}+)$/u.exec(written)?.[1] ?? "";
	const meant = nearest(word, ["up", ...BACKWARDS]);
	const direction = word === "" || meant === null ? "" : meant === "up" ? ".up" : ".down";
	const name = (direction === "" ? written : written.slice(0, -word.length - 1)).replaceAll(/[\p{Cc}\p{Cs}\u{200B}\u{202A}-\u{202E}\u{2066}-\u{2069}\u{FEFF}\u{FFFD}<>:"|?*\\]/gu, "").trim().replaceAll(/\.(?=\p{L}+$)/gu, "_").replaceAll(/\s+/gu, "_");
	return {
		name: name === "" ? "name" : name,
		direction
	};
}
function describeStem(stem) {
	if (/^\s/u.test(stem)) return "its name begins with a space";
	if (/^[vu]\d/u.test(stem)) return `the letter before the version is a capital one`;
	if (/^(?:before|after)/iu.test(stem)) return "the hooks are beforeMigrate and afterMigrate, or one of these with __ and a name";
	if (/^r_/iu.test(stem)) return "a repeatable migration begins with R__";
	if (/^[VU]\d+(?:[._]\d+)*$/u.test(stem) || /^\d+$/u.test(stem)) return "it has no name after the version";
	if (/^U\d+_/u.test(stem)) return "two underscores follow the version of an undo file";
	if (/^[VU]?\d+(?:\.\d+)+_/u.test(stem)) return "a version in parts stands behind a V and before two underscores";
	if (/^[VU]?\d/u.test(stem)) return "an underscore joins version and name";
	if (/^[VU][\s_.-]*\d/iu.test(stem)) return "the version follows its letter without a gap";
	if (/^[VU][_-]/iu.test(stem)) return "there is no version after its first letter";
	return "its name begins with no version";
}
var LEFTOVER, LOOSE, OTHER_HOOK, BACKWARDS;
var init_misnamed = __esmMin(() => {
	init_nearest();
	LEFTOVER = /~$|^#.*#$|^~\$|\.(?:orig|rej|bak|backup|sw[a-p]|tmp|temp|old|save)$/iu;
	LOOSE = /^\s*([vur]?)[\s_.-]*(\d+(?:[._]\d+)*)?([\s_.-]*)(.*?)[\s.]*$/isu;
	OTHER_HOOK = /^(?:before|after)(?:Each|Validate|Baseline|Clean|Info|Repair|Undo|Version|Connect|Create|Deploy)/u;
	BACKWARDS = [
		"down",
		"undo",
		"rollback",
		"revert"
	];
});
// ../../core/src/scan/filename.ts
/**
* Reads the name of the file at `path`, with `/` between folders and in Unicode's composed form (NFC): the history
* keeps what is read here, and disks differ in how they write an accent.
* `V1.2__x` and `V1_2__x` are both version 1.2; `V1_2_x` is version 1 of the name `2_x`.
*/
function parseFilename(path, layout, scriptExtensions) {
	const base = path.slice(path.lastIndexOf("/") + 1);
	const found = readName(base, layout, scriptExtensions);
	if (isRight(found)) return found;
	if (PASSED_OVER.some((pattern) => pattern.test(base))) return { kind: "passed-over" };
	const fits = (name) => isRight(readName(name, layout, scriptExtensions));
	return {
		kind: "foreign",
		...explainName(base, found, [...scriptExtensions, ...CODE_EXTENSIONS], fits)
	};
}
/** `FILE_NAME` for a file that is not named like a migration. */
function misnamed(file, { reason, nearest, hint }) {
	const rename = nearest === null ? "Rename it" : `Rename it to ${nearest}`;
	return new DetentError("FILE_NAME", `${file} is not a migration: ${reason}.`, {
		hint: hint ?? `${rename}, or list it in "ignore".`,
		facts: {
			place: { file },
			...nearest === null ? {} : { nearest }
		}
	});
}
function isRight(found) {
	return found !== null && typeof found !== "string";
}
/** What the name says; a sentence's end when it is nearly right; `null` when it is like nothing. */
function readName(base, layout, scripts) {
	const dot = base.lastIndexOf(".");
	const extension = base.slice(dot);
	const script = scripts.includes(extension);
	if (dot <= 0 || !(script || CODE_EXTENSIONS.includes(extension))) return null;
	const stem = base.slice(0, dot);
	const letter = stem[0] ?? "";
	if (letter === "R") return readRepeatable(stem, extension);
	if (letter === "a" || letter === "b") return readHook(stem, extension);
	return readVersioned(stem, extension, layout, script);
}
function readVersioned(stem, extension, layout, script) {
	const parts = splitVersioned(stem);
	if (parts === null) return null;
	const { letter, version, id, joint, name, direction } = parts;
	const wrong = wrongInLayout(layout, letter, joint, direction, script) ?? (parts.plain ? null : wrongInName(name));
	if (wrong !== null) return wrong;
	return {
		kind: "versioned",
		part: letter === "U" || direction === ".down" ? "down" : direction === ".up" ? "up" : "whole",
		prefixed: letter !== "",
		id,
		version,
		name,
		extension
	};
}
function splitVersioned(stem) {
	const plain = PLAIN$1.exec(stem);
	if (plain !== null) {
		const [, letter = "", version = "", id = "", joint = "", name = "", direction = ""] = plain;
		return {
			letter,
			version,
			id,
			joint,
			name,
			direction,
			plain: true
		};
	}
	const [, letter = "", digits = "", joint = "__", rest = ""] = IN_PARTS.exec(stem) ?? ANY.exec(stem) ?? [];
	if (digits === "") return null;
	const direction = rest.endsWith(".up") ? ".up" : rest.endsWith(".down") ? ".down" : "";
	const name = direction === "" ? rest : rest.slice(0, -direction.length);
	const version = digits.replaceAll("_", ".");
	return {
		letter,
		version,
		id: normalizeVersion(version),
		joint,
		name,
		direction,
		plain: false
	};
}
function readRepeatable(stem, extension) {
	if (!stem.startsWith("R__")) return null;
	const name = stem.slice(3);
	if (/\.(?:up|down)$/u.test(name)) return "a repeatable migration has no direction";
	return wrongInName(name) ?? {
		kind: "repeatable",
		id: `R__${name}`,
		name,
		extension
	};
}
function readHook(stem, extension) {
	const [, word, name = ""] = /^(beforeMigrate|afterMigrate)(?:__(.+))?$/su.exec(stem) ?? [];
	if (word !== "beforeMigrate" && word !== "afterMigrate") return null;
	return (name === "" ? null : wrongInName(name)) ?? {
		kind: "hook",
		when: word,
		name,
		extension
	};
}
function wrongInLayout(layout, letter, joint, direction, script) {
	const bare = letter === "";
	if (letter === "U" && direction !== "") return "an undo file has its direction in its first letter";
	if (joint === "-" && (!bare || ![
		"auto",
		"dbmate",
		"migrate-mongo"
	].includes(layout))) return "an underscore joins version and name";
	switch (layout) {
		case "auto": return null;
		case "detent": return bare ? "a V stands before the version in the layout \"detent\"" : null;
		case "flyway":
			if (bare) return "a V stands before the version in the layout \"flyway\"";
			return joint === "__" ? null : "two underscores follow the version in the layout \"flyway\"";
		case "golang-migrate":
			if (!bare) return "nothing stands before the version in the layout \"golang-migrate\"";
			return script && direction === "" ? "it says neither .up nor .down, as the layout \"golang-migrate\" wants" : null;
		case "goose":
		case "dbmate":
		case "migrate-mongo":
			if (!bare) return `nothing stands before the version in the layout "${layout}"`;
			return direction === "" ? null : `one file holds both directions in the layout "${layout}"`;
	}
}
function wrongInName(name) {
	if (/^[\w-]+$/.test(name)) return null;
	if (name === "") return "it has no name after the version";
	if (name.includes("�")) return "its name holds bytes that are not UTF-8";
	if (/[\p{Cc}\p{Cs}\u{200B}\u{202A}-\u{202E}\u{2066}-\u{2069}\u{FEFF}]/u.test(name)) return "its name holds an invisible character";
	if (/[<>:"|?*\\]/u.test(name)) return "its name holds a character that Windows does not allow";
	if (/^\s|\s$/u.test(name)) return "its name begins or ends with a space";
	if (name.endsWith(".")) return "its name ends with a dot";
	const word = /\.(\p{L}+)$/u.exec(name)?.[1];
	return word === void 0 ? null : `".${word}" is neither .up nor .down`;
}
var CODE_EXTENSIONS, PLAIN$1, IN_PARTS, ANY, PASSED_OVER;
var init_filename = __esmMin(() => {
	init_errors$2();
	init_misnamed();
	init_version();
	CODE_EXTENSIONS = [
		".ts",
		".mts",
		".cts",
		".js",
		".mjs",
		".cjs"
	];
	PLAIN$1 = /^(V?)(0*(\d+))(__?)([A-Za-z][\w-]*)(\.up|\.down)?$/;
	IN_PARTS = /^([VU])(\d+(?:[._]\d+)*)(__)(.*)$/su;
	ANY = /^(V?)(\d+)(__?|-)(.*)$/su;
	PASSED_OVER = [/^\.|^(?:readme|license)(?:\.|$)|\.(?:md|map)$|\.d\.[mc]?ts$/iu, /^(?:package|tsconfig(?:\..+)?)\.json$|^(?![VU]?\d).*\.go$/u];
});
// ../../core/src/scan/ignore.ts
/**
* Whether a path below the source is to be left alone. Patterns are globs: `*` and `?` stay inside a folder, `**` does
* not. A pattern without a slash looks at the last name of the path, one with a slash at the whole path; what it
* matches is left alone with everything inside.
*/
function ignoring(patterns) {
	const names = patterns.filter((pattern) => !isPath(pattern)).map(toExpression);
	const paths = patterns.filter(isPath).map(toExpression);
	if (patterns.length === 0) return () => false;
	return (path) => {
		const name = path.slice(path.lastIndexOf("/") + 1);
		return names.some((expression) => expression.test(name)) || paths.some((expression) => expression.test(path));
	};
}
function isPath(pattern) {
	return pattern.replace(/\/+$/u, "").includes("/");
}
function toExpression(pattern) {
	const source = pattern.replace(/^\.?\//u, "").replace(/\/+$/u, "").normalize("NFC").replaceAll(/\*\*\/|\/\*\*$|\*\*|[*?]|[\\^$.+()[\]{}|]/gu, (sign) => {
		switch (sign) {
			case "**/": return "(?:.*/)?";
			case "/**": return "(?:/.*)?";
			case "**": return ".*";
			case "*": return "[^/]*";
			case "?": return "[^/]";
			default: return `\\${sign}`;
		}
	});
	return new RegExp(`^${source}$`, "u");
}
var init_ignore = __esmMin(() => {});
// ../../core/src/scan/directory.ts
var directory_exports = /* @__PURE__ */ __exportAll({ directory: () => directory });
/**
* The migrations in a folder and its sub-folders. Files are read and hashed, and not kept: their content is read again
* when it is needed, and must then be what it was. Folders that begin with a dot and `node_modules` are not entered;
* a link counts when it leads to a file inside.
*/
function directory(path, options = {}) {
	const { layout = "auto", extensions, ignore = [] } = options;
	if (!LAYOUTS.includes(layout)) throw misuse("\"layout\" is not one of the known ones.", `Use one of ${LAYOUTS.join(", ")}.`);
	const name = typeof path === "string" ? path : fileURLToPath(path);
	if (name === "" || name.includes("\0")) throw misuse("The path of the migrations folder is no path.", "Name a folder, such as \"migrations\".");
	const root = resolve(name);
	const isIgnored = ignoring(ignore);
	return {
		name,
		discover: async ({ scriptExtensions }) => {
			const parts = [];
			const known = [...scriptExtensions, ...CODE_EXTENSIONS];
			const unwanted = new Set(extensions === void 0 ? [] : known.filter((extension) => !extensions.includes(extension)));
			const problems = walk(root, isIgnored, (entry) => {
				if (unwanted.size > 0 && unwanted.has(extname(entry.name))) return null;
				const filename = parseFilename(entry.file, layout, scriptExtensions);
				if (filename.kind === "passed-over") return null;
				if (filename.kind === "foreign") return misnamed(entry.file, filename);
				const part = read$1(entry, root, filename, scriptExtensions.includes(filename.extension));
				if (part instanceof DetentError) return part;
				parts.push(part);
				return null;
			});
			return assemble(parts, layout, problems);
		}
	};
}
function read$1(entry, root, filename, script) {
	const { file } = entry;
	try {
		const filepath = locate$1(entry, root);
		const checksums = hashed(filepath, file, script && filename.kind === "versioned" && filename.part === "down");
		if (checksums instanceof DetentError) return checksums;
		const { checksum, rawChecksum } = checksums;
		return {
			file,
			filepath,
			filename,
			checksum,
			rawChecksum,
			content: script ? new ScriptContent(filepath, file, rawChecksum) : new CodeContent(filepath, file, rawChecksum)
		};
	} catch (thrown) {
		return unreadable(file, thrown);
	}
}
function hashed(filepath, file, mayBeBlank) {
	const text = readPlain(filepath);
	if (text !== null) {
		const checksum = plainChecksum(text);
		return {
			checksum,
			rawChecksum: checksum
		};
	}
	const bytes = readBytes(filepath);
	return findTextProblem(bytes, file, mayBeBlank) ?? checksumOf(bytes);
}
var init_directory = __esmMin(() => {
	init_errors$2();
	init_assemble();
	init_checksum();
	init_content();
	init_filename();
	init_ignore();
	init_layout();
	init_walk();
});
// ../../core/src/run/environment.ts
var Environment;
var init_environment$1 = __esmMin(() => {
	init_schema_version_service();
	init_scanner();
	Environment = class {
		settings;
		connection;
		events;
		#source = null;
		constructor(settings, connection, events) {
			this.settings = settings;
			this.connection = connection;
			this.events = events;
		}
		async scanner(session) {
			const { adapter } = this.settings;
			return new MigrationScanner(await this.#migrations(), adapter, new SchemaVersionService(session.history));
		}
		async #migrations() {
			const { migrations, cwd, layout, ignore } = this.settings;
			if (typeof migrations !== "string") return migrations;
			this.#source ??= (await Promise.resolve().then(() => (init_directory(), directory_exports))).directory(resolve(cwd, migrations), {
				layout,
				ignore
			});
			return this.#source;
		}
	};
});
// ../../core/src/report.ts
var RunReport;
var init_report$1 = __esmMin(() => {
	init_errors$2();
	RunReport = class {
		runId = randomBytes(6).toString("hex");
		warnings = [];
		#operation;
		#settings;
		#events;
		#startedAt = Date.now();
		#errors = [];
		#plan = null;
		#executed = [];
		#failed;
		#rolledBack = [];
		#rollback = "none-needed";
		#backup;
		#skipped;
		constructor(operation, settings, events) {
			this.#operation = operation;
			this.#settings = settings;
			this.#events = events;
		}
		/** Whether the database stands on a version, so that no backup is needed any more. */
		get isClean() {
			return this.#errors.length === 0 || this.#rollback === "complete" || this.#rollback === "none-needed";
		}
		start() {
			this.#events.emit({
				kind: "run-started",
				runId: this.runId,
				operation: this.#operation,
				target: this.#settings.adapter.target
			});
		}
		planned(plan) {
			this.#plan = plan;
		}
		warn(messages) {
			for (const message of messages) {
				this.warnings.push(message);
				this.#events.emit({
					kind: "warning",
					message
				});
			}
		}
		backup({ path }, kept) {
			this.#backup = {
				path,
				kept
			};
		}
		ran(outcome) {
			const { done, failed } = outcome;
			this.#executed = done.map(({ executed }) => executed);
			if (failed !== null) this.#failed = {
				...failed.step.info,
				error: failed.error,
				undone: failed.undone
			};
		}
		failed(error) {
			this.#errors.push(error);
		}
		rolledBack(report) {
			this.#rollback = report.outcome;
			this.#rolledBack = report.rolledBack;
			this.#errors.push(...report.errors);
			const gone = new Set(report.rolledBack.map(({ id }) => id));
			this.#executed = this.#executed.filter(({ id }) => !gone.has(id));
		}
		/** The lock or the connection is gone: nothing more can be done from here. */
		lost(isHalfWay) {
			this.#rollback = isHalfWay ? "incomplete" : "none-needed";
			return this.finish([]);
		}
		skip(holder) {
			this.#skipped = holder;
			return this.finish([]);
		}
		/** `problems`: what refused the run before anything ran. */
		finish(problems) {
			this.#errors.push(...problems);
			const plan = this.#plan;
			if (plan !== null) this.warnings.unshift(...plan.warnings);
			const result = {
				success: this.#errors.length === 0,
				runId: this.runId,
				operation: this.#operation,
				executed: this.#executed,
				...this.#failed === void 0 ? {} : { failed: this.#failed },
				rolledBack: this.#rolledBack,
				migrated: plan?.migrated ?? [],
				ignored: plan?.ignored ?? [],
				...this.#skipped === void 0 ? {} : { skipped: this.#skipped },
				strategy: this.#settings.rollback,
				rollback: this.#rollback,
				...this.#backup === void 0 ? {} : { backup: this.#backup },
				errors: this.#errors,
				warnings: this.warnings,
				durationMs: Date.now() - this.#startedAt
			};
			this.#events.emit({
				kind: "run-finished",
				result
			});
			return result;
		}
		/** Turns what was thrown into the result. Misuse is thrown on. */
		fail(thrown, signal) {
			this.#errors.push(this.#errorOf(thrown, signal));
			return this.finish([]);
		}
		maintained(changes) {
			const { runId, warnings } = this;
			const errors = this.#errors;
			const durationMs = Date.now() - this.#startedAt;
			return {
				success: errors.length === 0,
				runId,
				operation: this.#operation,
				changes,
				errors,
				warnings,
				rollback: this.#rollback,
				durationMs
			};
		}
		unmaintained(thrown, signal) {
			this.#errors.push(this.#errorOf(thrown, signal));
			return this.maintained([]);
		}
		#errorOf(thrown, signal) {
			if (signal.aborted && !(thrown instanceof DetentError)) return new DetentError("CANCELLED", "The run was stopped before it began.", { cause: thrown });
			const error = asDetentError(thrown, "INTERNAL", (words) => `Something went wrong that should not have: ${words}`);
			if (ERROR_CODES[error.code] === ERROR_CODES.CONFIG) throw error;
			return error;
		}
	};
});
// ../../core/src/backup/manifest.ts
/** Where the manifest of a backup is. */
function manifestPath(backupPath) {
	return `${backupPath}.json`;
}
/** Waits until the disk has it, and leaves nothing when that fails. */
async function writeManifest(manifest) {
	const path = manifestPath(manifest.path);
	try {
		await writeFile(path, sealed(manifest), {
			mode: 384,
			flush: true
		});
	} catch (error) {
		await rm(path, { force: true });
		throw error;
	}
}
/** Takes a backup that is one file, or one folder, away with its manifest. */
async function deleteFiles({ path }) {
	await rm(path, {
		force: true,
		recursive: true
	});
	await rm(manifestPath(path), { force: true });
}
/** Reads the manifest of a backup, which may have been moved with it. Throws `BACKUP_DAMAGED`. */
async function readManifest(backupPath) {
	const path = manifestPath(backupPath);
	let parsed;
	let isWhole = false;
	try {
		const text = await readFile(path);
		parsed = JSON.parse(text.toString("utf8"));
		isWhole = isManifest(parsed) && text.equals(Buffer.from(sealed(parsed)));
	} catch (cause) {
		throw new DetentError("BACKUP_DAMAGED", `There is no readable manifest at ${path}.`, {
			cause,
			hint: "Name the backup itself; its manifest stands beside it with `.json` at the end."
		});
	}
	if (!isManifest(parsed)) throw new DetentError("BACKUP_DAMAGED", `${path} is not the manifest of a backup made by Detent.`, { hint: "Name a backup that `detent backup` wrote." });
	if (!isWhole) throw new DetentError("BACKUP_DAMAGED", `${path} is not as it was written.`, { hint: "Keep it for a closer look, and use another backup." });
	const { seal: _, ...manifest } = parsed;
	return {
		...manifest,
		path: backupPath
	};
}
/** The text of a manifest: its last property vouches for the others. */
function sealed({ seal: _, ...manifest }) {
	const seal = `sha256:${hash("sha256", JSON.stringify(manifest))}`;
	return `${JSON.stringify({
		...manifest,
		seal
	}, null, 2)}\n`;
}
/** One hash over the content of every object. */
function contentHash(objects) {
	return hash("sha256", JSON.stringify(objects.map(({ name, rows, checksum }) => [
		name,
		rows,
		checksum
	])));
}
/** The names of what is not as the other list has it. */
function differences(a, b) {
	const left = new Map(a.map((sum) => [sum.name, sum]));
	const right = new Map(b.map((sum) => [sum.name, sum]));
	return [.../* @__PURE__ */ new Set([...left.keys(), ...right.keys()])].filter((name) => left.get(name)?.checksum !== right.get(name)?.checksum || left.get(name)?.rows !== right.get(name)?.rows);
}
function isManifest(value) {
	if (typeof value !== "object" || value === null) return false;
	const record = value;
	return record["format"] === "detent-backup-1" && typeof record["adapter"] === "string" && typeof record["hash"] === "string" && typeof record["fingerprint"] === "string" && typeof record["bytes"] === "number" && Array.isArray(record["objects"]);
}
var init_manifest = __esmMin(() => {
	init_errors$2();
});
// ../../core/src/backup/backup-service.ts
function timestamp() {
	return (/* @__PURE__ */ new Date()).toISOString().replace(/[-:]/g, "").replace(/\.\d+Z$/, "Z");
}
/** The folder itself, or the nearest one above it that is there: the rest will be made. */
async function nearestFolder(folder) {
	const parent = dirname(folder);
	if (parent === folder) return folder;
	return await stat(folder).catch(() => null) === null ? nearestFolder(parent) : folder;
}
var BackupService;
var init_backup_service = __esmMin(() => {
	init_config$1();
	init_errors$2();
	init_manifest();
	BackupService = class {
		#session;
		#settings;
		#events;
		constructor(session, settings, events) {
			this.#session = session;
			this.#settings = settings;
			this.#events = events;
		}
		get folder() {
			return resolve(this.#settings.cwd, this.#settings.backup.folder);
		}
		/** Everything that stands in the way of a backup into the configured folder, or into that of `path`. */
		async obstacles(path) {
			const { capabilities, backup } = this.#session;
			if (capabilities.backup !== true) return [capabilities.backup];
			return backup.check(await nearestFolder(path === null ? this.folder : dirname(resolve(this.#settings.cwd, path))));
		}
		/** What speaks against a run under the configured strategy. */
		async problems() {
			const { rollback, backup } = this.#settings;
			if (!restores(rollback) || backup.mode === "manual") return [];
			const unfit = (reason) => new DetentError("BACKUP_UNFIT", `The strategy "${rollback}" needs a backup: ${reason}`, { hint: "Mend that, or choose the strategy \"down\" or \"none\"." });
			const { capabilities } = this.#session;
			if (capabilities.backup !== true) return [unfit(capabilities.backup)];
			if (backup.mode === "restore-only" && backup.from !== null) return this.#flawsOf(backup.from);
			return (await this.obstacles(null)).map(unfit);
		}
		/** Makes a backup and reads it again before anybody relies on it. `path`: in the configured folder unless given. */
		async backup(runId, path, signal) {
			const target = path === null ? join(this.folder, `${timestamp()}-${runId}.backup`) : resolve(this.#settings.cwd, path);
			const startedAt = Date.now();
			this.#events.emit({
				kind: "backup-started",
				path: target
			});
			if (path === null) await mkdir(this.folder, {
				recursive: true,
				mode: 448
			});
			const manifest = await this.#session.backup.backup(target, signal);
			await this.#session.backup.verify(manifest);
			this.#events.emit({
				kind: "backup-finished",
				manifest,
				durationMs: Date.now() - startedAt
			});
			return manifest;
		}
		/** Reads a backup that was made earlier. Throws `BACKUP_DAMAGED`, also when it belongs to another kind of database. */
		async open(path) {
			const manifest = await readManifest(resolve(this.#settings.cwd, path));
			const { name } = this.#settings.adapter;
			if (manifest.adapter !== name) throw new DetentError("BACKUP_DAMAGED", `${path} is a backup of ${manifest.adapter}, not of ${name}.`, { hint: "Name a backup of this database." });
			await this.#session.backup.verify(manifest);
			return manifest;
		}
		async #flawsOf(path) {
			try {
				await this.open(path);
				return [];
			} catch (thrown) {
				return [asDetentError(thrown, "BACKUP_DAMAGED", (words) => `The backup ${path} cannot be read: ${words}`)];
			}
		}
		/** Puts it back, with what `record` writes into its history. */
		async restore(manifest, record) {
			const startedAt = Date.now();
			this.#events.emit({
				kind: "restore-started",
				path: manifest.path
			});
			await this.#session.backup.restore(manifest, record);
			this.#events.emit({
				kind: "restore-finished",
				path: manifest.path,
				durationMs: Date.now() - startedAt
			});
		}
		async deleteBackup(manifest) {
			await this.#session.backup.delete(manifest);
		}
	};
});
// ../../core/src/scan/stages.ts
/** What is wrong with a list of stages; `direction` is what exports it. */
function flawsOfStages(stages, direction) {
	const names = /* @__PURE__ */ new Set();
	return stages.flatMap((stage, index) => {
		const flaw = (what) => ({
			message: `has a stage ${index + 1} of "${direction}" ${what}`,
			hint: HINT
		});
		if (!isRecord$1(stage)) return [flaw("that is no object")];
		const { name, kind, run, idempotent } = stage;
		const flaws = [];
		if (typeof name !== "string" || name === "") flaws.push(flaw("without a name"));
		else if (names.has(name)) flaws.push(flaw(`with the name "${name}", which another one has`));
		names.add(name);
		if (!KINDS$4.some((known) => known === kind)) flaws.push(flaw(`whose kind is none of ${KINDS$4.join(", ")}`));
		if (typeof run !== "function") flaws.push(flaw("without a function \"run\""));
		if (idempotent !== void 0 && typeof idempotent !== "boolean") flaws.push(flaw("with an \"idempotent\" that is neither true nor false"));
		return flaws;
	});
}
/** Of a list whose flaws were looked for. */
function isStages(value) {
	return Array.isArray(value);
}
function isRecord$1(value) {
	return typeof value === "object" && value !== null;
}
var KINDS$4, HINT;
var init_stages$1 = __esmMin(() => {
	KINDS$4 = [
		"schema",
		"data",
		"batches"
	];
	HINT = "Write each as { name: 'fill names', kind: 'data', run: async (db) => { … } }.";
});
// ../../core/src/scan/modules.ts
/**
* Reads what a module exports: `up` and `down` by name, in its default export, or in `module.exports`.
* `part` says what is wanted of the file. Throws `MODULE_EXPORTS`, which tells everything that is wrong at once.
*/
function readMigrationModule(namespace, file, part = "whole") {
	const source = findSource(namespace, file);
	const flaws = [
		...unknownKeys(source, namespace),
		...wrongDirections(source, part),
		...wrongOptions(source)
	];
	if (flaws.length > 0) throw refusal(file, flaws);
	const { up, down, transaction, foreignKeys, idempotent } = source;
	return {
		up: wayOf(up, source),
		down: wayOf(down, source),
		...transaction === "each" || transaction === "none" ? { transaction } : {},
		...typeof foreignKeys === "boolean" ? { foreignKeys } : {},
		...typeof idempotent === "boolean" ? { idempotent } : {}
	};
}
function wayOf(way, source) {
	if (isStages(way)) return way;
	return isFunction(way) ? way.bind(source) : void 0;
}
function refusal(file, flaws) {
	return new DetentError("MODULE_EXPORTS", `${file} ${flaws.map(({ message }) => message).join(", and ")}.`, {
		hint: [...new Set(flaws.map(({ hint }) => hint))].join(" "),
		facts: { place: { file } }
	});
}
function wrongDirections(source, part) {
	const flaws = [];
	const wanted = part === "down" ? "down" : "up";
	const other = wanted === "up" ? "down" : "up";
	const example = (name) => `Write: export async function ${name}(db) { … }`;
	for (const name of ["up", "down"]) if (Array.isArray(source[name])) flaws.push(...flawsOfStages(source[name], name));
	else if (!absent(source[name]) && !isFunction(source[name])) flaws.push({
		message: `exports "${name}", but not as a function`,
		hint: example(name)
	});
	if (absent(source[wanted])) flaws.push({
		message: `does not export "${wanted}"`,
		hint: example(wanted)
	});
	if (part !== "whole" && !absent(source[other])) flaws.push({
		message: `is named as the ${part} part and exports "${other}" too`,
		hint: `Move "${other}" into the other file of the pair.`
	});
	return flaws;
}
function wrongOptions({ transaction, foreignKeys, idempotent }) {
	const flaws = [];
	if (!absent(transaction) && transaction !== "each" && transaction !== "none") flaws.push({
		message: "has a \"transaction\" that is neither \"each\" nor \"none\"",
		hint: "Leave it out to take what the configuration says."
	});
	for (const [key, value] of Object.entries({
		foreignKeys,
		idempotent
	})) {
		if (absent(value) || typeof value === "boolean") continue;
		flaws.push({
			message: `has a "${key}" that is neither true nor false`,
			hint: "Leave it out to take what is usual."
		});
	}
	return flaws;
}
/** The object that holds `up` and `down`. */
function findSource(namespace, file) {
	const refuse = (message, hint) => refusal(file, [{
		message,
		hint
	}]);
	if (!isObject$2(namespace)) throw refuse("exports no migration", "Export functions up and down.");
	const exported = defaultOf(namespace);
	if (isObject$2(exported)) {
		const twice = KEYS$3.find((key) => !absent(namespace[key]) && namespace[key] !== exported[key]);
		if (twice !== void 0) throw refuse(`exports "${twice}" by name and a default export beside it`, "Keep one of the two.");
		return exported;
	}
	if (absent(exported) || !absent(namespace["up"]) || !absent(namespace["down"])) return namespace;
	if (!isFunction(exported)) throw refuse("has a default export that is no migration", "Export functions up and down.");
	throw refuse(`has ${/^class\b/u.test(Function.prototype.toString.call(exported)) ? "a class" : "a function"} as its default export`, "Export an object with up and down: export default defineMigration({ async up(db) { … } })");
}
/** What was compiled to CommonJS has its default export one level deeper. */
function defaultOf(namespace) {
	const exported = namespace["default"];
	return isObject$2(exported) && exported["__esModule"] === true && isObject$2(exported["default"]) ? exported["default"] : exported;
}
/** A module may export more than its migration, so there only what looks mistyped is told; an object may not. */
function unknownKeys(source, namespace) {
	const prototype = Object.getPrototypeOf(source);
	if (prototype !== Object.prototype && prototype !== null) return [];
	const isModule = source === namespace || Object.hasOwn(source, "__esModule") || isCommonJs(namespace);
	return Object.keys(source).flatMap((key) => {
		if (MADE_BY_COMPILERS.has(key) || KEYS$3.some((known) => known === key)) return [];
		const near = nearest(key, KEYS$3);
		if (isModule && (near === null || !absent(source[near]))) return [];
		const meant = near === null ? "" : `Did you mean "${near}"? `;
		return [{
			message: `exports "${key}", which means nothing here`,
			hint: `${meant}Known are ${KEYS$3.join(", ")}.`
		}];
	});
}
function isCommonJs(namespace) {
	return isObject$2(namespace) && Object.hasOwn(namespace, "module.exports");
}
function absent(value) {
	return value === void 0 || value === null;
}
function isObject$2(value) {
	return typeof value === "object" && value !== null;
}
function isFunction(value) {
	return typeof value === "function";
}
var KEYS$3, MADE_BY_COMPILERS;
var init_modules = __esmMin(() => {
	init_errors$2();
	init_nearest();
	init_stages$1();
	KEYS$3 = [
		"up",
		"down",
		"transaction",
		"foreignKeys",
		"idempotent"
	];
	MADE_BY_COMPILERS = /* @__PURE__ */ new Set([
		"default",
		"module.exports",
		"__esModule"
	]);
});
// ../../core/src/validate/load.ts
/** Reads and parses both directions. Throws what is wrong with it. */
async function loadMigration(file, reader) {
	const up = await loadContent(file.up, file.down === null ? "whole" : "up", reader);
	if (file.down === null) return up;
	const down = await loadContent(file.down, "down", reader);
	return {
		...up,
		down: down.down,
		downText: down.downText,
		allow: [...up.allow, ...down.allow],
		notes: [...up.notes, ...down.notes]
	};
}
/** The way back as the history kept it, placeholders filled in. Throws `DOWN_MISSING` where there is none. */
function loadStoredDown(row, reader) {
	if (row.downSource === null) throw downMissing(row.file, "The history kept no text of its way back, because it is code or had none.");
	return fromScript(reader.adapter.parse({
		text: row.downSource,
		file: row.file,
		part: "down",
		placeholders: null
	}), row.file);
}
/** `beforeMigrate` and `afterMigrate`. */
async function loadHook(hook, reader) {
	return loadContent(hook.content, hook.content.kind === "code" ? "whole" : "up", reader);
}
async function loadContent(content, part, reader) {
	if (content.kind === "script") {
		const text = await content.text();
		return fromScript(reader.adapter.parse({
			text,
			file: content.file,
			part,
			placeholders: reader.placeholders
		}), content.file);
	}
	const module = readMigrationModule(await content.module(), content.file, part);
	const { file } = content;
	const code = (way) => {
		if (way === void 0) return null;
		return isStages(way) ? {
			kind: "stages",
			file,
			stages: way
		} : {
			kind: "code",
			file,
			run: way
		};
	};
	return {
		up: code(module.up),
		down: code(module.down),
		downText: null,
		transaction: module.transaction ?? null,
		foreignKeys: module.foreignKeys,
		idempotent: module.idempotent ?? false,
		allow: [],
		limits: {
			lockMs: null,
			statementMs: null
		},
		notes: []
	};
}
function fromScript(script, file) {
	const { directives } = script;
	return {
		up: {
			kind: "script",
			file,
			statements: script.up
		},
		down: script.down === null ? null : {
			kind: "script",
			file,
			statements: script.down
		},
		downText: script.downText,
		transaction: directives.transaction ?? null,
		foreignKeys: void 0,
		idempotent: directives.idempotent ?? false,
		allow: directives.allow ?? [],
		limits: {
			lockMs: directives.lockTimeoutMs ?? null,
			statementMs: directives.statementTimeoutMs ?? null
		},
		notes: script.notes.map((note) => `${file}:${note.line} ${note.message}`)
	};
}
function downMissing(file, why) {
	return new DetentError("DOWN_MISSING", `${file} has no way back. ${why}`.trim(), {
		hint: "Add a `down` (in SQL: `-- detent:down`), or choose the strategy \"backup\" or \"both\".",
		facts: { place: { file } }
	});
}
/** What was thrown while a file was read, as a problem of that file. */
function loadProblem(thrown, file) {
	return asDetentError(thrown, "MODULE_LOAD", (words) => `${file} cannot be loaded: ${words}`);
}
/** Of how many statements or stages it is; `null` for a function. */
function sizeOf$1(action) {
	switch (action.kind) {
		case "script": return action.statements.length;
		case "stages": return action.stages.length;
		case "code": return null;
	}
}
var init_load$1 = __esmMin(() => {
	init_errors$2();
	init_modules();
	init_stages$1();
});
// ../../core/src/run/attempt.ts
/** Prepares the row; writes nothing. `order`: its place in the order of application when it has none yet. */
async function beginAttempt(context, step, order) {
	const { versions } = context;
	const { entry, info, loaded } = step;
	const action = loaded[info.direction] ?? {
		kind: "script",
		file: info.file,
		statements: []
	};
	const previous = entry === null ? null : await versions.load(entry.id);
	const row = info.direction === "up" ? upRow(context, step, previous, order) : downRow(context, step, previous);
	const statementsTotal = sizeOf$1(action);
	const begun = {
		...row,
		statementsTotal
	};
	return {
		step,
		action,
		startedAt: Date.now(),
		previous,
		begun,
		row: begun,
		isRecorded: false
	};
}
function upRow(context, { file, info, loaded }, previous, order) {
	if (file === null) throw new DetentError("INTERNAL", `${info.file} has no file to run.`);
	const row = {
		...startRow(file, context.identity, previous, order),
		downSource: loaded.downText
	};
	if (previous === null || !isInterrupted(previous, "up")) return row;
	const { statementsDone, statementHashes, cursors } = previous;
	return {
		...row,
		statementsDone,
		statementHashes,
		cursors
	};
}
function downRow(context, { info }, previous) {
	if (previous === null) throw new DetentError("HISTORY_DAMAGED", `The history has no row for ${info.file}.`, { hint: "Run `detent verify`." });
	const { runId, username, token } = context.identity;
	const started = {
		...previous,
		runId,
		username,
		token,
		startedAt: Date.now()
	};
	return isInterrupted(previous, "down") ? started : {
		...started,
		statementsDone: 0,
		statementHashes: [],
		cursors: {},
		intent: null
	};
}
/** Whether the row tells how far an earlier try in this direction came. */
function isInterrupted(row, direction) {
	return direction === "down" ? row.state === "rolling_back" : row.state === "running" || row.state === "failed";
}
/** Writes that it runs, before a step of it that cannot be committed together with its record. */
async function recordStart(context, attempt, row) {
	const isDown = attempt.step.info.direction === "down";
	const started = {
		...row,
		state: isDown ? "rolling_back" : "running"
	};
	const action = isDown ? "undo-started" : "started";
	await inTransaction$1(context, () => context.versions.record(context.identity, started, action, null));
	attempt.row = started;
	attempt.isRecorded = true;
}
/** Writes that it is done. In the transaction of the caller, where there is one. */
function recordFinish(context, attempt, result) {
	const isDown = attempt.step.info.direction === "down";
	const row = finishRow(attempt.row, isDown ? "rolled_back" : "applied", result);
	return context.versions.record(context.identity, row, isDown ? "undone" : "applied", null);
}
/** A transaction for bookkeeping alone. */
function inTransaction$1(context, work) {
	return context.session.transaction({ statements: [] }, work);
}
var init_attempt = __esmMin(() => {
	init_errors$2();
	init_schema_version_service();
	init_load$1();
});
// ../../core/src/rollback/attempted.ts
/** Every step of which something stands, newest first. */
function standingSteps({ done, failed }) {
	const newestFirst = done.map(({ step }) => step).toReversed();
	return failed?.undone === false ? [failed.step, ...newestFirst] : newestFirst;
}
function infosOf(steps) {
	return steps.map((step) => step.info);
}
var init_attempted = __esmMin(() => {});
// ../../core/src/rollback/backup.ts
/** Puts the backup back, unless that would throw away what others wrote since. */
async function rollBackByBackup(run) {
	const { context, outcome, backup, backups } = run;
	const standing = standingSteps(outcome);
	try {
		const manifest = await restorable(context, backup);
		const ids = standing.map(({ info }) => info.id);
		await markRestoring(context, ids, manifest);
		await backups.restore(manifest, await rewriteHistory(context, ids, manifest));
		return {
			outcome: "complete",
			rolledBack: infosOf(standing),
			errors: []
		};
	} catch (thrown) {
		const error = asDetentError(thrown, "RESTORE_FAILED", (words) => `The backup could not be restored: ${words}`);
		return {
			outcome: error.code === "RESTORE_BLOCKED" ? "blocked" : "incomplete",
			rolledBack: [],
			errors: [error]
		};
	}
}
/** The backup, when it may be restored without asking. Throws `RESTORE_BLOCKED`. */
async function restorable({ settings, session }, backup) {
	const { mode } = settings.backup;
	if (backup === null || mode === "create-only" || mode === "manual") throw blocked(`Nothing was restored: ${backup === null ? "there is no backup of this run" : `backup.mode is "${mode}"`}.`, backup);
	if (mode === "full" && await session.backup.othersWrote(backup)) throw blocked("Others wrote to the database since the backup; restoring it would throw their rows away.", backup);
	return backup;
}
function blocked(message, backup) {
	const hint = backup === null ? "Restore by your own means." : `When that is acceptable, run \`detent restore ${backup.path}\`.`;
	return new DetentError("RESTORE_BLOCKED", message, {
		hint,
		facts: { backup: backup?.path ?? null }
	});
}
async function markRestoring(context, ids, manifest) {
	const { versions, identity, session, settings } = context;
	const content = contentHash(await session.backup.sums());
	const detail = {
		strategy: settings.rollback,
		backup: manifest.path,
		fingerprint: manifest.fingerprint,
		content,
		restored: contentHash(manifest.objects)
	};
	await inTransaction$1(context, async () => {
		await versions.append(identity, "rollback-started", null, JSON.stringify(detail));
		for (const id of ids) {
			const row = await versions.load(id);
			if (row !== null) await versions.save({
				...row,
				state: "restoring"
			});
		}
	});
}
/**
* Reads what the restore is about to wipe out, and gives the function that writes it into the restored history: the
* ledger's lines since the backup, the run's migrations as rolled back, and failures, which no row may forget.
*/
async function rewriteHistory({ versions, identity }, ids, manifest) {
	const events = await versions.events(null);
	const { entries } = await versions.getAllMigrated();
	const failed = entries.filter(({ id, state }) => state === "failed" && !ids.includes(id)).map(({ id }) => id);
	const rows = [];
	for (const id of [...ids, ...failed]) {
		const row = await versions.load(id);
		if (row !== null) rows.push({
			...row,
			token: identity.token
		});
	}
	return async (history) => {
		await history.init();
		const known = (await history.events(1)).at(-1)?.seq ?? 0;
		for (const event of events) if (event.seq > known) await history.append(lineOf(event));
		for (const row of rows) {
			const restored = await history.load(row.id);
			if (restored !== null && isApplied(restored)) continue;
			if (restored !== null && hasProgress(restored)) await history.save(stopped(restored, identity.token));
			else await history.save(ids.includes(row.id) ? takenBack(row) : row);
		}
		const { runId, username } = identity;
		await history.append({
			at: Date.now(),
			runId,
			actor: username,
			action: "restored",
			id: null,
			detail: manifest.path
		});
	};
}
function hasProgress({ state, statementsDone, intent, cursors }) {
	return (state === "running" || state === "failed" || state === "unknown") && (statementsDone > 0 || intent !== null || Object.keys(cursors).length > 0);
}
function stopped(row, token) {
	return {
		...row,
		token,
		state: row.state === "running" ? "failed" : row.state
	};
}
function takenBack(row) {
	const progress = {
		intent: null,
		statementsDone: 0,
		statementHashes: [],
		cursors: {}
	};
	return {
		...row,
		...progress,
		state: "rolled_back",
		finishedAt: Date.now()
	};
}
function lineOf({ at, runId, actor, action, id, detail }) {
	return {
		at,
		runId,
		actor,
		action,
		id,
		detail
	};
}
var init_backup$3 = __esmMin(() => {
	init_manifest();
	init_errors$2();
	init_attempt();
	init_selector();
	init_attempted();
});
// ../../core/src/validate/pending.ts
/** Loads every step and checks what can be checked before anything runs. All problems come back at once. */
async function loadSteps(plan, loader) {
	const { settings } = loader;
	const steps = [];
	const problems = [];
	const warnings = [];
	for (const step of plan.steps) try {
		const loaded = await loadStep(step, loader);
		steps.push({
			...step,
			loaded
		});
		problems.push(...checkStep(step, loaded, settings), ...await checkProgress(step, loaded, loader));
		warnings.push(...loaded.notes, ...emptiness(step, loaded), ...destructionWarnings(step, loaded, settings));
	} catch (thrown) {
		problems.push(loadProblem(thrown, step.info.file));
	}
	return {
		steps,
		problems,
		warnings
	};
}
async function loadStep(step, loader) {
	const { file, entry } = step;
	const isEdited = file !== null && entry !== null && step.info.direction === "down" && matchesApplied(entry, file) === "different";
	if (file !== null && !isEdited) return loadFile(file, loader);
	const row = entry === null ? null : await loader.rowOf(entry.id);
	if (row !== null && row.downSource !== null) return loadStoredDown(row, loader.settings);
	if (file !== null) return loadFile(file, loader);
	throw downMissing(step.info.file, "Its file is gone, and the history kept no text of its way back.");
}
async function loadFile(file, { settings, known }) {
	const loaded = known.get(file) ?? await loadMigration(file, settings);
	known.set(file, loaded);
	return loaded;
}
/** A script that ran in part goes on after that part, so the part must still be what it was. */
async function checkProgress(step, loaded, { rowOf }) {
	const action = loaded[step.info.direction];
	const row = step.reason === "interrupted" && action !== null && action.kind !== "code" ? await rowOf(step.info.id) : null;
	if (row === null || action === null || action.kind === "code") return [];
	const { file } = step.info;
	const isScript = action.kind === "script";
	const texts = isScript ? action.statements.map(({ text }) => text) : action.stages.map(({ name }) => name);
	const differs = row.statementHashes.findIndex((hash, index) => hash !== statementHash(texts[index] ?? ""));
	const which = row.version ?? row.id;
	if (differs === -1) return isScript ? lostValues(file, which, action.statements, row.statementsDone) : [];
	const [what, change] = isScript ? ["statement", "edited"] : ["stage", "moved or renamed"];
	return [new DetentError("CHECKSUM", `${file} stopped after ${row.statementsDone} of its ${what}s, and ${what} ${differs + 1}, which ran, was ${change} since.`, {
		hint: `Put that part back as it was; or say what is so with \`detent resolve ${which} --as rolled_back\` or \`--as applied\`.`,
		facts: { place: {
			file,
			line: (isScript ? action.statements[differs]?.line : null) ?? 1
		} }
	})];
}
/** What the first `done` statements kept in a connection that is gone, and the others ask for. */
function lostValues(file, which, statements, done) {
	const rest = statements.slice(done).map(({ text }) => text.toLowerCase());
	return statements.slice(0, done).flatMap(({ leaves, line, column }) => {
		if (leaves?.kind !== "value" || !rest.some((text) => text.includes(leaves.name.toLowerCase()))) return [];
		return new DetentError("UNKNOWN_STATE", `${file} stopped after ${done} of its statements, and the rest needs ${leaves.name}, which is gone with the connection that had it.`, {
			hint: `Undo by hand what stands or do the rest of it, then say so with \`detent resolve ${which} --as rolled_back\` or \`--as applied\`.`,
			facts: { place: {
				file,
				line,
				column
			} }
		});
	});
}
function checkStep(step, loaded, settings) {
	const problems = [];
	const { direction, file } = step.info;
	const action = loaded[direction];
	if (direction === "down" && action === null) problems.push(downMissing(file, ""));
	if (action !== null) problems.push(...checkTransactions(action, loaded, settings));
	if (direction === "up") {
		if (settings.rollback === "down" && loaded.down === null) problems.push(downMissing(file, "The strategy \"down\" could not undo it."));
		if (settings.destructive === "error") problems.push(...destructions(action, loaded).map((statement) => destructive(file, statement)));
	}
	return problems;
}
function checkTransactions(action, loaded, settings) {
	if (settings.transaction === "all" && loaded.transaction === "none") return [unfit(action.file, 1, 1, "It asks for no transaction, but the run is one transaction.", "Set transaction to \"each\", or take the directive out.")];
	if (action.kind !== "script" || modeOf(loaded, settings) === "none") return [];
	const problems = [];
	for (const statement of action.statements) {
		const { line, column } = statement;
		if (statement.kind === "transaction") problems.push(unfit(action.file, line, column, "It begins or ends a transaction inside the one that Detent keeps.", "Take it out, or write `-- detent:transaction none` into the file."));
		else if (!statement.transactional && settings.transaction === "all") problems.push(unfit(action.file, line, column, "This statement cannot run in a transaction, but the run is one transaction.", "Set transaction to \"each\"."));
	}
	return problems;
}
/** The mode that applies: what the file says of itself, else what is configured. */
function modeOf(loaded, settings) {
	return settings.transaction === "all" ? "all" : loaded.transaction ?? settings.transaction;
}
function unfit(file, line, column, message, hint) {
	return new DetentError("TRANSACTION_UNFIT", `${file}:${line} ${message}`, {
		hint,
		facts: { place: {
			file,
			line,
			column
		} }
	});
}
function destructions(action, loaded) {
	if (action?.kind !== "script") return [];
	return action.statements.filter((statement) => statement.destroys !== null && !loaded.allow.includes(statement.destroys));
}
function destructive(file, statement) {
	const { line, column, destroys } = statement;
	return new DetentError("DESTRUCTIVE", `${file}:${line} would destroy data (${destroys}).`, {
		hint: `When that is meant, write \`-- detent:allow ${destroys}\` into the file.`,
		facts: {
			place: {
				file,
				line,
				column
			},
			statement: statement.text
		}
	});
}
function emptiness({ info }, loaded) {
	const action = loaded[info.direction];
	return info.direction === "up" && action?.kind === "script" && action.statements.length === 0 ? [`${info.file} has no statement to run.`] : [];
}
function destructionWarnings(step, loaded, settings) {
	if (settings.destructive !== "warn" || step.info.direction !== "up") return [];
	return destructions(loaded.up, loaded).map(({ line, destroys }) => `${step.info.file}:${line} destroys data (${destroys}); \`-- detent:allow ${destroys}\` says that it is meant.`);
}
var init_pending = __esmMin(() => {
	init_errors$2();
	init_selector();
	init_schema_version_service();
	init_load$1();
});
// ../../core/src/run/segments.ts
/**
* Cuts a script where a statement cannot be in a transaction. Without a transaction for the migration each statement
* that can have one gets its own, shared with the count of what is done, so that neither is ever there without the other.
*/
function cutSegments(statements, mode) {
	const segments = [];
	statements.forEach((statement, index) => {
		const last = segments.at(-1);
		if (statement.transactional && mode !== "none" && last?.kind === "transaction") segments[segments.length - 1] = {
			...last,
			to: index + 1
		};
		else segments.push({
			kind: canBegin(statement, mode) ? "transaction" : "alone",
			from: index,
			to: index + 1
		});
	});
	return segments;
}
/** What ends transactions by itself must not be put into one; nor settings, where there is none to hold them together. */
function canBegin({ kind, transactional }, mode) {
	return transactional && kind !== "transaction" && (mode !== "none" || kind !== "session");
}
/** Whether the whole script and its record fit into one transaction. */
function isAtomic(segments, count) {
	return count === 0 || segments.length === 1 && segments[0]?.kind === "transaction";
}
var init_segments = __esmMin(() => {});
// ../../core/src/run/alone.ts
/** What the steps, and their way back where the strategy takes it, would do outside of any transaction although nothing keeps another run away there. */
function unguarded(steps, settings, { alone, transactionalDdl }) {
	if (alone === true) return [];
	return steps.flatMap(({ info, loaded }) => {
		const isUp = info.direction === "up";
		const wayBack = reverses(settings.rollback) ? loaded[isUp ? "down" : "up"] : null;
		const mode = modeOf(loaded, settings);
		return [loaded[info.direction], wayBack].flatMap((action) => {
			const line = action === null ? null : lineAlone(action, mode, transactionalDdl);
			return line === null ? [] : [unguardedAt(action?.file ?? info.file, line, alone)];
		});
	});
}
/** What cannot be where the run is one transaction and the database has none for it: each step. */
function apart(steps, { transaction }, { together }) {
	if (transaction !== "all" || together === true) return [];
	return steps.filter(({ loaded }) => loaded.transaction !== "none").map(({ info: { file } }) => new DetentError("TRANSACTION_UNFIT", `${file} cannot be in one transaction with the run. ${together}`, {
		hint: "Set transaction to \"each\".",
		facts: { place: { file } }
	}));
}
/** The first line that would stand alone; `null` when none would. */
function lineAlone(action, mode, transactionalDdl) {
	if (action.kind !== "script") return mode === "none" || mode === "each" && !transactionalDdl ? 1 : null;
	const segment = cutSegments(action.statements, mode).find(({ kind }) => kind === "alone");
	return segment === void 0 ? null : action.statements[segment.from]?.line ?? 1;
}
function unguardedAt(file, line, hint) {
	return new DetentError("TRANSACTION_UNFIT", `${file}:${line} would run outside of a transaction, where nothing keeps another run away here.`, {
		hint,
		facts: { place: {
			file,
			line
		} }
	});
}
var init_alone = __esmMin(() => {
	init_config$1();
	init_errors$2();
	init_pending();
	init_segments();
});
// ../../core/src/run/check.ts
var check_exports$1 = /* @__PURE__ */ __exportAll({ checkPlan: () => checkPlan });
/** Phase 7: loads what the plan would run, and finds everything that speaks against it. */
async function checkPlan({ settings, events }, session, plan, known) {
	const loaded = await loadSteps(plan, {
		settings,
		known,
		rowOf: (id) => session.history.load(id)
	});
	const backups = new BackupService(session, settings, events);
	const unfit = plan.steps.length === 0 ? [] : await backups.problems();
	return {
		plan,
		loaded,
		problems: [
			...plan.problems,
			...loaded.problems,
			...unguarded(loaded.steps, settings, session.capabilities),
			...apart(loaded.steps, settings, session.capabilities),
			...unfit
		],
		warnings: [...plan.warnings, ...loaded.warnings]
	};
}
var init_check$1 = __esmMin(() => {
	init_backup_service();
	init_pending();
	init_alone();
});
// ../../core/src/run/context.ts
function contextOf({ settings, events }, run) {
	const { session, owner, lease, signal, report } = run;
	const identity = {
		runId: owner.runId,
		username: owner.username,
		token: lease.token
	};
	return {
		settings,
		session,
		versions: new SchemaVersionService(session.history),
		identity,
		lease,
		events,
		signal,
		warnings: report.warnings
	};
}
function ownerOf(settings, runId) {
	return {
		runId,
		username: settings.username ?? systemUser$1(),
		host: hostname(),
		pid: process.pid
	};
}
function warn(context, message) {
	context.warnings.push(message);
	context.events.emit({
		kind: "warning",
		message
	});
}
/** A container may run under a number without a name. */
function systemUser$1() {
	try {
		return userInfo().username;
	} catch {
		return "unknown";
	}
}
var init_context = __esmMin(() => {
	init_schema_version_service();
});
// ../../core/src/run/batches.ts
/** Makes the handler's `forEachBatch` for one attempt. */
function batchesOf(context, attempt, covered) {
	const { session, settings, versions, events, signal } = context;
	const { info, loaded } = attempt.step;
	const isCovered = covered || !attempt.isRecorded && modeOf(loaded, settings) !== "none" && session.capabilities.transactionalDdl;
	/** Passes that an earlier try came to the end of, and this one has not begun. */
	const over = new Set(Object.keys(attempt.begun.cursors).filter((name) => isOver(attempt.begun.cursors[name])));
	return async (options, work) => {
		const { table, size = 1e3, name = table } = options;
		if (!Number.isInteger(size) || size < 1) throw misuse(`forEachBatch: size must be a whole number above 0, not ${size}.`, "Leave it out for 1,000 rows.");
		const total = await session.batches.count(table);
		const begun = readPlace(attempt.row.cursors[name]);
		if (over.delete(name)) return;
		let { cursor, done } = begun;
		const startedAt = Date.now();
		for (;;) {
			signal.throwIfAborted();
			const batch = await session.batches.read({
				table,
				size,
				after: cursor
			});
			if (batch.rows.length === 0) return;
			const place = {
				cursor: batch.cursor,
				done: done + batch.rows.length
			};
			const row = {
				...attempt.row,
				cursors: {
					...attempt.row.cursors,
					[name]: place
				}
			};
			const step = async () => {
				await work(batch.rows);
				if (!isCovered) await versions.save(row);
			};
			await (isCovered ? step() : session.transaction({
				statements: null,
				foreignKeys: loaded.foreignKeys
			}, step));
			attempt.row = row;
			({cursor, done} = place);
			const passed = done - begun.done;
			const etaMs = passed === 0 ? null : Math.max(0, Math.round((Date.now() - startedAt) / passed * (total - done)));
			events.emit({
				kind: "batch-finished",
				step: info,
				table,
				done,
				total,
				etaMs
			});
			if (cursor === null) return;
		}
	};
}
/** A place without a cursor behind which something was done. */
function isOver(value) {
	const { cursor, done } = readPlace(value);
	return cursor === null && done > 0;
}
function readPlace(value) {
	if (typeof value !== "object" || value === null || !("cursor" in value) || !("done" in value)) return {
		cursor: null,
		done: 0
	};
	return {
		cursor: value.cursor,
		done: Number(value.done)
	};
}
var init_batches$2 = __esmMin(() => {
	init_errors$2();
	init_pending();
});
// ../../core/src/run/intent.ts
/**
* What is about to happen, with what shows later whether it did; `null` statement for code. Gives `null` for statements
* that change neither schema nor rows: those run again.
*/
async function intentOf(context, { step }, about) {
	const { info, loaded } = step;
	const base = {
		statement: about?.index ?? null,
		hash: about === null ? null : statementHash(about.statement.text),
		kind: "code",
		direction: info.direction,
		fingerprint: "",
		scope: null,
		after: null,
		idempotent: loaded.idempotent
	};
	if (about === null) return base;
	switch (about.statement.kind) {
		case "query":
		case "session": return null;
		case "data":
		case "ddl":
		case "transaction": {
			const isData = about.statement.kind === "data";
			if (loaded.idempotent) return {
				...base,
				kind: isData ? "data" : "ddl"
			};
			const trace = await context.session.trace(about.statement);
			switch (trace.kind) {
				case "schema": {
					const { fingerprint, scope, after } = trace;
					return {
						...base,
						kind: "ddl",
						fingerprint,
						scope,
						after
					};
				}
				case "rows": {
					const { fingerprint, scope } = trace;
					return {
						...base,
						kind: "data",
						fingerprint,
						scope
					};
				}
				case "idempotent": return {
					...base,
					kind: "ddl",
					idempotent: true
				};
				case "none": return {
					...base,
					kind: isData ? "data" : "unseen"
				};
			}
		}
	}
}
/** Whether schema or rows tell something about it later. */
function isTraced(intent) {
	if (intent === null || intent.idempotent) return false;
	return intent.kind === "ddl" || intent.kind === "data" && intent.scope !== null;
}
var init_intent = __esmMin(() => {
	init_schema_version_service();
});
// ../../core/src/run/code.ts
/** Calls `up` or `down` and records it. Gives what it returned, as text. */
async function runCode(context, attempt, action) {
	const { session, settings, lease, signal } = context;
	const { foreignKeys } = attempt.step.loaded;
	const mode = modeOf(attempt.step.loaded, settings);
	const callAndRecord = async () => {
		const result = await call$1(context, attempt, action);
		await recordFinish(context, attempt, result);
		return result;
	};
	if (mode === "all") return callAndRecord();
	if (mode === "each" && session.capabilities.transactionalDdl) return session.transaction({
		statements: null,
		foreignKeys
	}, callAndRecord);
	signal.throwIfAborted();
	await lease.assert();
	await recordStart(context, attempt, {
		...attempt.row,
		intent: await intentOf(context, attempt, null)
	});
	const result = await call$1(context, attempt, action);
	await inTransaction$1(context, () => recordFinish(context, attempt, result));
	return result;
}
/** Calls a function of a migration; gives what it returned, as text. `covered`: all of it is in one transaction. */
async function call$1(context, attempt, { run }, covered = false) {
	const { session, settings, signal } = context;
	signal.throwIfAborted();
	const handler = {
		adapter: settings.adapter,
		log: settings.logger,
		signal,
		sql: session.sql,
		forEachBatch: batchesOf(context, attempt, covered)
	};
	try {
		return asText(await run(session.db, secondOf(context, attempt), handler));
	} catch (thrown) {
		if (thrown instanceof DetentError) throw thrown;
		if (signal.aborted && (thrown === signal.reason || thrown instanceof Error && thrown.name === "AbortError")) signal.throwIfAborted();
		throw scriptFailed(thrown, attempt.step.info);
	}
}
/** Migrations of that tool get the client of their database in place of what is known of them. */
function secondOf(context, attempt) {
	const { settings, session } = context;
	if (settings.layout !== "migrate-mongo") return infoOf(context, attempt);
	return session.db.client;
}
function infoOf(context, { step, startedAt }) {
	const { name, version, direction, file } = step.info;
	const { runId, username } = context.identity;
	return {
		name,
		version,
		timestamp: version,
		filepath: step.file?.filepath ?? file,
		runId,
		direction,
		startedAt,
		username
	};
}
function asText(value) {
	if (value === void 0 || value === null) return null;
	if (typeof value === "string") return value;
	try {
		return JSON.stringify(value) ?? null;
	} catch {
		return null;
	}
}
/** What a code migration threw, with the place in its file when the stack names it. */
function scriptFailed(thrown, { file, direction }) {
	const words = thrown instanceof Error ? thrown.message : String(thrown);
	const place = placeIn(thrown, file);
	return new DetentError("SCRIPT_FAILED", `${direction}() of ${file} threw: ${words}`, {
		cause: thrown,
		hint: "Mend the migration and run it again.",
		facts: { place: place ?? { file } }
	});
}
function placeIn(thrown, file) {
	if (!(thrown instanceof Error) || thrown.stack === void 0) return null;
	const name = file.split("/").at(-1) ?? file;
	for (const frame of thrown.stack.split("\n")) {
		const found = /([^/\\(]+?)(?:\?[^:]*)?:(\d+):(\d+)\)?$/.exec(frame);
		if (found?.[1] === name) return {
			file,
			line: Number(found[2]),
			column: Number(found[3])
		};
	}
	return null;
}
var init_code = __esmMin(() => {
	init_errors$2();
	init_pending();
	init_attempt();
	init_batches$2();
	init_intent();
});
// ../../core/src/run/hooks.ts
/** Calls one of the application's hooks. One that comes before may stop the run; one that comes after is an observer. */
async function runHook(context, name, call) {
	const hook = context.settings.hooks[name];
	if (hook === void 0) return;
	try {
		await call(hook);
	} catch (thrown) {
		const words = thrown instanceof Error ? thrown.message : String(thrown);
		if (name.startsWith("before")) throw new DetentError("HOOK_FAILED", `The hook ${name} threw: ${words}`, {
			cause: thrown,
			hint: "Mend the hook and run again."
		});
		warn(context, `The hook ${name} threw after the work was done: ${words}`);
	}
}
/** Runs `beforeMigrate.*` or `afterMigrate.*` of the migrations folder; each in a transaction where it fits into one. */
async function runHookFiles(context, hooks, when) {
	for (const hook of hooks) {
		if (hook.when !== when) continue;
		const { file } = hook.content;
		context.events.emit({
			kind: "hook-started",
			hook: file
		});
		try {
			await runHookFile(context, hook);
		} catch (thrown) {
			const error = asDetentError(thrown, "HOOK_FAILED", (words) => `${file} threw: ${words}`);
			if (when === "beforeMigrate") throw error;
			warn(context, `${file} failed after the work was done: ${error.message}`);
		}
	}
}
async function runHookFile(context, hook) {
	const { session, settings, identity, signal } = context;
	const { up: action, transaction } = await loadHook(hook, settings);
	if (action === null) return;
	if (action.kind === "stages") throw new DetentError("HOOK_FAILED", "Stages are for migrations: a hook has no row in the history to keep its progress.", { hint: `Export a function from ${action.file}.` });
	const statements = action.kind === "script" ? action.statements : null;
	const work = async () => {
		if (action.kind === "script") {
			await session.execute(action.statements, action.file, {
				signal,
				done: () => void 0
			});
			return;
		}
		const info = {
			name: hook.when,
			version: null,
			timestamp: null,
			filepath: action.file,
			runId: identity.runId,
			direction: "up",
			startedAt: Date.now(),
			username: identity.username
		};
		const noBatches = () => {
			throw new DetentError("HOOK_FAILED", "forEachBatch is for migrations: a hook has no row in the history to keep its place.", { hint: "Move the work into a migration." });
		};
		await action.run(session.db, info, {
			adapter: settings.adapter,
			log: settings.logger,
			signal,
			sql: session.sql,
			forEachBatch: noBatches
		});
	};
	const fits = transaction !== "none" && (statements === null ? session.capabilities.transactionalDdl : statements.every((statement) => statement.transactional));
	const { alone } = session.capabilities;
	if (!fits && alone !== true) throw unguardedAt(action.file, 1, alone);
	await (fits ? session.transaction({ statements }, work) : work());
}
var init_hooks = __esmMin(() => {
	init_errors$2();
	init_load$1();
	init_alone();
	init_context();
});
// ../../core/src/run/script.ts
/** Runs a script and records it: in one transaction where that is possible, otherwise statement by statement. */
async function runScript(context, attempt, statements) {
	const { session, settings } = context;
	const { foreignKeys } = attempt.step.loaded;
	const mode = modeOf(attempt.step.loaded, settings);
	const whole = {
		kind: "transaction",
		from: 0,
		to: statements.length
	};
	const runWhole = async () => {
		await runStatements(context, attempt, statements, whole);
		attempt.row = {
			...attempt.row,
			statementsDone: statements.length
		};
		await recordFinish(context, attempt, null);
	};
	const segments = cutSegments(statements, mode);
	if (mode === "all") {
		await expectCovered(context, attempt, statements);
		await runWhole();
	} else if (isAtomic(segments, statements.length) && attempt.row.statementsDone === 0 && await session.covered(statements) === statements.length) await session.transaction({
		statements,
		foreignKeys
	}, runWhole);
	else await runSegments(context, attempt, statements, segments);
	return null;
}
/** In the one transaction of a run there is no place for what it would not take back. */
async function expectCovered({ session }, { step }, statements) {
	const first = statements[await session.covered(statements)];
	if (first === void 0) return;
	const { file } = step.info;
	throw new DetentError("TRANSACTION_UNFIT", `No transaction takes back what ${file}:${first.line} does.`, {
		hint: "Run without `transaction: 'all'`, or let the table have an engine with transactions.",
		facts: {
			place: {
				file,
				line: first.line,
				column: first.column
			},
			statement: first.text
		}
	});
}
/** The history is told of the progress at each point where the process may die. */
async function runSegments(context, attempt, statements, segments) {
	await makeSettingsAgain(context, attempt, statements);
	for (const segment of segments) {
		const { statementsDone } = attempt.row;
		if (segment.to <= statementsDone) continue;
		const rest = {
			...segment,
			from: Math.max(segment.from, statementsDone)
		};
		if (segment.kind === "alone") await runAlone$1(context, attempt, statements, rest);
		else if (await runTogether(context, attempt, statements, rest)) return;
	}
	await inTransaction$1(context, () => recordFinish(context, attempt, null));
}
/** What the statements that are done had set is gone with the connection in which they ran. */
async function makeSettingsAgain({ session, signal }, { row, step }, statements) {
	const settings = statements.slice(0, row.statementsDone).filter(({ leaves }) => leaves?.kind === "setting");
	if (settings.length > 0) await session.execute(settings, step.info.file, {
		signal,
		done: () => void 0
	});
}
/** In transactions, but for what none takes back. Gives whether that was the end, and is recorded. */
async function runTogether(context, attempt, statements, segment) {
	for (let { from } = segment; from < segment.to;) {
		const count = await context.session.covered(statements.slice(from, segment.to));
		const to = Math.min(from + Math.max(count, 1), segment.to);
		if (count === 0) await runAlone$1(context, attempt, statements, {
			kind: "alone",
			from,
			to
		});
		else if (await runCovered$1(context, attempt, statements, {
			kind: "transaction",
			from,
			to
		})) return true;
		from = to;
	}
	return false;
}
/** Work and progress in one transaction: neither is ever there without the other. Gives whether that was the end. */
async function runCovered$1(context, attempt, statements, segment) {
	if (!attempt.isRecorded) await recordStart(context, attempt, attempt.row);
	const part = statements.slice(segment.from, segment.to);
	const next = progressed$1(attempt.row, part, segment);
	const isLast = segment.to === statements.length;
	await context.session.transaction({
		statements: part,
		foreignKeys: attempt.step.loaded.foreignKeys
	}, async () => {
		await runStatements(context, attempt, statements, segment);
		await (isLast ? recordFinish(context, {
			...attempt,
			row: next
		}, null) : context.versions.save(next));
	});
	attempt.row = next;
	return isLast;
}
/**
* Intent first; what happens then can be told from the schema. So the progress goes into the history with whatever is
* written next, unless the schema shows nothing.
*/
async function runAlone$1(context, attempt, statements, segment) {
	const part = statements.slice(segment.from, segment.to);
	const [statement] = part;
	if (statement === void 0) return;
	context.signal.throwIfAborted();
	await context.lease.assert();
	const intent = await intentOf(context, attempt, {
		statement,
		index: segment.from
	});
	if (intent !== null) await keep$1(context, attempt, {
		...attempt.row,
		intent
	});
	const next = progressed$1(attempt.row, part, segment);
	const run = () => runStatements(context, attempt, statements, segment);
	try {
		if (intent?.kind === "data" && isTraced(intent)) await runWithRecord(context, attempt, part, next, run);
		else await run();
	} catch (thrown) {
		const left = intent === null ? "in doubt" : await leftBy$1(context, thrown, intent);
		if (left === "nothing") await keep$1(context, attempt, {
			...attempt.row,
			intent: null
		});
		if (left === "a part" && intent?.kind === "ddl") await keep$1(context, attempt, {
			...attempt.row,
			intent: {
				...intent,
				kind: "unseen"
			}
		});
		throw thrown;
	}
	if (intent !== null && !intent.idempotent && intent.kind === "unseen") await keep$1(context, attempt, next);
	else if (intent?.kind === "data" && !isTraced(intent)) await keep$1(context, attempt, next);
	else attempt.row = next;
}
/** What of it a transaction takes back goes with the record; the trace tells of the rest. */
async function runWithRecord({ session, versions }, { step }, statements, next, run) {
	await session.transaction({
		statements,
		foreignKeys: step.loaded.foreignKeys
	}, async () => {
		await run();
		await versions.save(next);
	});
}
async function keep$1(context, attempt, row) {
	if (!attempt.isRecorded) return recordStart(context, attempt, row);
	await context.versions.save(row);
	attempt.row = row;
}
/** A server that refuses a statement has mostly done nothing of it; some have dropped one table of two by then. */
async function leftBy$1({ session, signal }, thrown, intent) {
	if (signal.aborted && thrown === signal.reason) return "nothing";
	if (!(thrown instanceof DetentError) || !REFUSALS$1.has(thrown.code)) return "in doubt";
	if (intent.idempotent || intent.kind === "unseen") return "nothing";
	if (!isTraced(intent)) return "in doubt";
	const now = await session.fingerprint(intent.scope).catch(() => null);
	if (now === null) return "in doubt";
	return now === intent.fingerprint ? "nothing" : "a part";
}
async function runStatements(context, attempt, statements, segment) {
	const { session, events, signal } = context;
	const { info } = attempt.step;
	signal.throwIfAborted();
	await session.execute(statements.slice(segment.from, segment.to), info.file, {
		signal,
		done: (index, { rows }) => events.emit({
			kind: "statement-finished",
			step: info,
			done: segment.from + index + 1,
			total: statements.length,
			rows
		}),
		advanced: (phase, percent) => events.emit({
			kind: "statement-advanced",
			step: info,
			phase,
			percent
		})
	});
}
function progressed$1(row, part, segment) {
	const hashes = part.map((statement) => statementHash(statement.text));
	return {
		...row,
		intent: null,
		statementsDone: segment.to,
		statementHashes: [...row.statementHashes, ...hashes]
	};
}
var REFUSALS$1;
var init_script$1 = __esmMin(() => {
	init_errors$2();
	init_schema_version_service();
	init_pending();
	init_attempt();
	init_intent();
	init_segments();
	REFUSALS$1 = /* @__PURE__ */ new Set(["STATEMENT_FAILED", "LOCK_TIMEOUT"]);
});
// ../../core/src/run/stages.ts
/** Runs the stages and records each: all in one transaction where the database has that, otherwise each with its progress. */
async function runStages(context, attempt, stages) {
	const { session, settings } = context;
	const { foreignKeys } = attempt.step.loaded;
	const { transactions, transactionalDdl } = session.capabilities;
	const mode = modeOf(attempt.step.loaded, settings);
	const runWhole = async () => {
		for (const index of stages.keys()) await runStage(context, attempt, stages, index, true);
		attempt.row = {
			...attempt.row,
			statementsDone: stages.length
		};
		await recordFinish(context, attempt, null);
	};
	if (mode === "all") await runWhole();
	else if (mode === "each" && transactionalDdl && attempt.row.statementsDone === 0) await session.transaction({
		statements: null,
		foreignKeys
	}, runWhole);
	else {
		for (let index = attempt.row.statementsDone; index < stages.length; index += 1) await (transactions && (stages[index]?.kind === "data" || transactionalDdl && mode !== "none") && stages[index]?.kind !== "batches" ? runCovered : runAlone)(context, attempt, stages, index);
		await inTransaction$1(context, () => recordFinish(context, attempt, null));
	}
	return null;
}
/** Work and progress in one transaction: neither is ever there without the other. */
async function runCovered(context, attempt, stages, index) {
	if (!attempt.isRecorded) await recordStart(context, attempt, attempt.row);
	const next = progressed(attempt.row, stages, index);
	await context.session.transaction({
		statements: null,
		foreignKeys: attempt.step.loaded.foreignKeys
	}, async () => {
		await runStage(context, attempt, stages, index, true);
		await context.versions.save(next);
	});
	attempt.row = next;
}
/** Intent first, so that the next start knows where this one died. */
async function runAlone(context, attempt, stages, index) {
	const { signal, lease } = context;
	const stage = stages[index];
	if (stage === void 0) return;
	signal.throwIfAborted();
	await lease.assert();
	const intent = await intentAt(context, attempt, stage, index);
	await keep(context, attempt, {
		...attempt.row,
		intent
	});
	try {
		await runStage(context, attempt, stages, index, false);
	} catch (thrown) {
		const left = await leftBy(context, thrown, intent);
		if (left === "nothing") await keep(context, attempt, {
			...attempt.row,
			intent: null
		});
		if (left === "a part") await keep(context, attempt, {
			...attempt.row,
			intent: {
				...intent,
				kind: "unseen"
			}
		});
		throw thrown;
	}
	const next = progressed(attempt.row, stages, index);
	if (intent.idempotent || intent.kind === "ddl") attempt.row = next;
	else await keep(context, attempt, next);
}
/** What failed outside of a transaction may have done its work all the same. */
async function leftBy({ session, signal }, thrown, { kind, idempotent, fingerprint }) {
	if (idempotent || signal.aborted && thrown === signal.reason) return "nothing";
	if (!(thrown instanceof DetentError) || !REFUSALS.has(thrown.code) || kind !== "ddl") return "in doubt";
	const now = await session.fingerprint().catch(() => null);
	if (now === null) return "in doubt";
	return now === fingerprint ? "nothing" : "a part";
}
async function intentAt(context, attempt, { name, kind, idempotent = false }, index) {
	const code = await intentOf(context, attempt, null);
	if (code === null) throw new DetentError("INTERNAL", "Code has an intent.");
	const base = {
		...code,
		statement: index,
		hash: statementHash(name)
	};
	switch (kind) {
		case "schema": {
			const isIdempotent = idempotent || base.idempotent;
			const fingerprint = isIdempotent ? "" : await context.session.fingerprint();
			return {
				...base,
				kind: "ddl",
				fingerprint,
				idempotent: isIdempotent
			};
		}
		case "data": return {
			...base,
			kind: "data",
			idempotent: idempotent || base.idempotent
		};
		case "batches": return {
			...base,
			kind: "data",
			idempotent: true
		};
	}
}
async function runStage(context, attempt, stages, index, covered) {
	const stage = stages[index];
	if (stage === void 0) return;
	await call$1(context, attempt, stage, covered);
	const total = stages.length;
	context.events.emit({
		kind: "statement-finished",
		step: attempt.step.info,
		done: index + 1,
		total,
		rows: null
	});
}
async function keep(context, attempt, row) {
	if (!attempt.isRecorded) return recordStart(context, attempt, row);
	await context.versions.save(row);
	attempt.row = row;
}
function progressed(row, stages, index) {
	const hashes = [...row.statementHashes, statementHash(stages[index]?.name ?? "")];
	return {
		...row,
		intent: null,
		statementsDone: index + 1,
		statementHashes: hashes
	};
}
var REFUSALS;
var init_stages = __esmMin(() => {
	init_errors$2();
	init_schema_version_service();
	init_pending();
	init_attempt();
	init_code();
	init_intent();
	REFUSALS = /* @__PURE__ */ new Set([
		"SCRIPT_FAILED",
		"STATEMENT_FAILED",
		"LOCK_TIMEOUT",
		"CONFIG"
	]);
});
// ../../core/src/run/work.ts
/** Whether a statement changes schema or rows, so that something of it stands when it is done. */
function isWork({ kind, effect }) {
	return kind !== "session" && kind !== "query" && effect?.on.length !== 0;
}
var init_work = __esmMin(() => {});
// ../../core/src/run/runner.ts
function runAction(context, attempt, action) {
	switch (action.kind) {
		case "script": return runScript(context, attempt, action.statements);
		case "stages": return runStages(context, attempt, action.stages);
		case "code": return runCode(context, attempt, action);
	}
}
/** Its transaction took everything back, or nothing of it that changes schema or rows took effect. */
function nothingStands({ action, row, isRecorded }) {
	if (!isRecorded) return true;
	if (action.kind === "code" || row.intent !== null) return false;
	if (action.kind === "stages") return row.statementsDone === 0 && Object.keys(row.cursors).length === 0;
	return !action.statements.slice(0, row.statementsDone).some(isWork);
}
/** `null` as soon as one of them is code. */
function statementsOf(steps) {
	const scripts = steps.map(({ loaded, info }) => loaded[info.direction]);
	return scripts.every((action) => action?.kind === "script") ? scripts.flatMap((action) => action.statements) : null;
}
function wordsOf$3(thrown) {
	return thrown instanceof Error ? thrown.message : String(thrown);
}
var MigrationRunner;
var init_runner = __esmMin(() => {
	init_errors$2();
	init_schema_version_service();
	init_load$1();
	init_attempt();
	init_code();
	init_context();
	init_hooks();
	init_script$1();
	init_stages();
	init_work();
	MigrationRunner = class {
		#context;
		#nextOrder;
		/** `nextOrder`: the first free place in the order of application. */
		constructor(context, nextOrder) {
			this.#context = context;
			this.#nextOrder = nextOrder;
		}
		/** Runs the steps in order and stops at the first that fails. Never throws. */
		async execute(steps) {
			const { settings, session } = this.#context;
			const outcome = await (settings.transaction === "all" ? this.#executeTogether(steps) : this.#executeEach(steps));
			await session.reset().catch((thrown) => {
				warn(this.#context, `The session's settings could not be put back: ${wordsOf$3(thrown)}`);
			});
			return outcome;
		}
		/** Runs one step: begin, its work, its record, commit. Never throws. */
		async executeOne(step, index, count) {
			const { session, events, settings } = this.#context;
			const { info, loaded } = step;
			let attempt = null;
			try {
				if (settings.transaction !== "all") await session.reset();
				attempt = await beginAttempt(this.#context, step, this.#nextOrder);
				if (attempt.row.appliedOrder === this.#nextOrder) this.#nextOrder += 1;
				const { action } = attempt;
				const statements = sizeOf$1(action);
				const done = statements === null ? 0 : attempt.row.statementsDone;
				events.emit({
					kind: "step-started",
					step: info,
					index,
					count,
					statements,
					done
				});
				await runHook(this.#context, "beforeEach", (hook) => hook({
					step: info,
					db: session.db
				}));
				if (loaded.limits.lockMs !== null || loaded.limits.statementMs !== null) await session.limit(loaded.limits);
				const result = await runAction(this.#context, attempt, action);
				const executed = this.#executed(attempt, result);
				events.emit({
					kind: "step-finished",
					step: info,
					durationMs: executed.durationMs,
					result
				});
				await runHook(this.#context, "afterEach", (hook) => hook({
					step: info,
					db: session.db
				}));
				return {
					step,
					executed
				};
			} catch (thrown) {
				const failed = this.#failure(step, attempt, thrown);
				if (settings.transaction !== "all" && attempt !== null) await this.#recordFailure(attempt, failed);
				events.emit({
					kind: "step-failed",
					step: info,
					error: failed.error,
					undone: failed.undone
				});
				return failed;
			}
		}
		async #executeEach(steps) {
			const done = [];
			for (const [index, step] of steps.entries()) {
				const outcome = await this.executeOne(step, index, steps.length);
				if ("error" in outcome) return {
					done,
					failed: outcome,
					takenBack: []
				};
				done.push(outcome);
			}
			return {
				done,
				failed: null,
				takenBack: []
			};
		}
		async #executeTogether(steps) {
			const { session } = this.#context;
			let outcome = {
				done: [],
				failed: null,
				takenBack: []
			};
			try {
				await session.transaction({ statements: statementsOf(steps) }, async () => {
					outcome = await this.#executeEach(steps);
					if (outcome.failed !== null) throw outcome.failed.error;
				});
				return outcome;
			} catch (thrown) {
				const step = outcome.failed?.step ?? steps.at(-1);
				if (step === void 0) throw thrown;
				const failed = outcome.failed ?? this.#failure(step, null, thrown);
				const { done } = outcome;
				const attempt = await beginAttempt(this.#context, step, this.#nextOrder).catch(() => null);
				if (attempt !== null) await this.#recordFailure(attempt, failed);
				return failed.undone ? {
					done: [],
					failed,
					takenBack: done.map((item) => item.step.info).toReversed()
				} : {
					done,
					failed,
					takenBack: []
				};
			}
		}
		#failure(step, attempt, thrown) {
			const { signal } = this.#context;
			const { file } = step.info;
			const error = signal.aborted && thrown === signal.reason ? new DetentError("CANCELLED", `The run was stopped at ${file}.`, {
				hint: "Run again to go on.",
				cause: thrown,
				facts: { place: { file } }
			}) : asDetentError(thrown, "SCRIPT_FAILED", (words) => `${file}: ${words}`);
			return {
				step,
				error,
				undone: !(error.code === "TRANSACTION_ENDED" || error.facts["commit"] === "unknown") && (attempt === null || nothingStands(attempt))
			};
		}
		/** Outside of what was rolled back. Trouble with it is a warning: the failure itself stays first. */
		async #recordFailure(attempt, { error, undone }) {
			const { session, versions, identity } = this.#context;
			const { step, previous, begun, isRecorded } = attempt;
			const row = isRecorded ? attempt.row : begun;
			if (error.code === "LOCK_LOST" || error.code === "CONNECTION") return;
			const isDown = step.info.direction === "down";
			try {
				await inTransaction$1(this.#context, async () => {
					if (!isDown) await versions.save(failRow(row, error));
					else if (undone && isRecorded && previous !== null) await versions.save({
						...previous,
						token: identity.token
					});
					await versions.append(identity, isDown ? "undo-failed" : "failed", row.id, `${error.code}: ${error.message}`);
				});
				await session.reset();
			} catch (thrown) {
				warn(this.#context, `The failure could not be written into the history: ${wordsOf$3(thrown)}`);
			}
		}
		#executed({ step, action, startedAt }, result) {
			const finishedAt = Date.now();
			return {
				...step.info,
				filepath: step.file?.filepath ?? step.info.file,
				timestamp: step.info.version,
				username: this.#context.identity.username,
				startedAt,
				finishedAt,
				durationMs: finishedAt - startedAt,
				result,
				checksum: step.file?.checksum ?? step.entry?.checksum ?? "",
				statements: sizeOf$1(action)
			};
		}
	};
});
// ../../core/src/rollback/matching.ts
/**
* How many statements of `down`, from its beginning, belong to what was never done of `up`; `null` where `down` is not
* written statement for statement, so that only the whole of it may run. Pure.
*/
function undoneBefore(up, done, down) {
	const made = [];
	for (const { effect } of up.slice(0, done).filter(isWork)) {
		if (effect === null) return null;
		if (!made.some((whole) => whole.change === "makes" && isWithin(effect, whole))) made.push(effect);
	}
	const work = down.flatMap((statement, index) => isWork(statement) ? [{
		index,
		effect: statement.effect
	}] : []);
	const first = work.length - made.length;
	if (first < 0) return null;
	const wanted = new Set(made.map(oppositeOf));
	const matches = made.every((effect, index) => spelled(work.at(-1 - index)?.effect) === oppositeOf(effect));
	const ambiguous = work.slice(0, first).some(({ effect }) => wanted.has(spelled(effect)));
	return matches && !ambiguous ? work[first]?.index ?? down.length : null;
}
function oppositeOf({ change, on }) {
	return spelled({
		change: OPPOSITE[change],
		on
	});
}
function spelled(effect) {
	return JSON.stringify(effect ?? null);
}
function isWithin({ on }, whole) {
	return on.length > whole.on.length && whole.on.every((part, index) => part === on[index]);
}
var OPPOSITE;
var init_matching = __esmMin(() => {
	init_work();
	OPPOSITE = {
		makes: "takes away",
		"takes away": "makes",
		alters: "alters"
	};
});
// ../../core/src/rollback/down.ts
/** Runs the opposite direction of each step of which something stands, newest first. */
async function rollBackByDown(run) {
	const report = await reverse(run);
	const { context, fingerprint } = run;
	if (report.outcome === "complete" && fingerprint !== null && await context.session.fingerprint() !== fingerprint) warn(context, "Every `down` succeeded, but the schema is not what it was before the run. Compare the `down` parts with their `up`.");
	return report;
}
/** Reversing stops at the first step that cannot be; the rest stands, and the next start goes on with it. */
async function reverse(run) {
	const { runner, outcome } = run;
	const standing = standingSteps(outcome);
	const reversed = [];
	try {
		await markRollingBack(run, standing);
		for (const [index, step] of standing.entries()) {
			const back = await opposite$1(run, step);
			const result = await runner.executeOne(back, index, standing.length);
			if ("error" in result) throw downFailed(back, result.error);
			reversed.push(step);
		}
	} catch (thrown) {
		const error = asDetentError(thrown, "DOWN_FAILED", (words) => `The way back failed: ${words}`);
		return {
			outcome: "incomplete",
			rolledBack: infosOf(reversed),
			errors: [error]
		};
	}
	return {
		outcome: "complete",
		rolledBack: infosOf(reversed),
		errors: []
	};
}
/** In one transaction for all of them, so that a process that dies on the way back leaves the whole intention. */
async function markRollingBack({ context, outcome, backup, fingerprint }, steps) {
	const { versions, identity, settings } = context;
	const detail = {
		strategy: settings.rollback,
		backup: backup?.path ?? null,
		fingerprint,
		content: null
	};
	await inTransaction$1(context, async () => {
		await versions.append(identity, "rollback-started", null, JSON.stringify(detail));
		for (const step of steps) {
			const row = step.info.direction === "up" ? await versions.load(step.info.id) : null;
			if (row === null) continue;
			const hashes = step === outcome.failed?.step ? hashesToSkip(step, row) : [];
			await versions.save({
				...row,
				state: "rolling_back",
				statementsDone: hashes.length,
				statementHashes: hashes,
				cursors: {},
				intent: null
			});
		}
	});
}
/** Of the statements at the beginning of `down` that would undo what the failed `up` did not come to. */
function hashesToSkip({ loaded: { up, down } }, row) {
	if (up?.kind !== "script" || down?.kind !== "script" || row.intent !== null) return [];
	const count = undoneBefore(up.statements, row.statementsDone, down.statements) ?? 0;
	return down.statements.slice(0, count).map(({ text }) => statementHash(text));
}
async function opposite$1({ context }, step) {
	const direction = step.info.direction === "up" ? "down" : "up";
	if (step.loaded[direction] === null) throw new DetentError("DOWN_MISSING", `${step.info.file} has no \`${direction}\` to undo it with.`, {
		hint: "Write one, then run any command that writes: it finishes the way back first.",
		facts: { place: { file: step.info.file } }
	});
	return {
		...step,
		info: {
			...step.info,
			direction
		},
		entry: await context.versions.load(step.info.id)
	};
}
function downFailed({ info }, cause) {
	return new DetentError("DOWN_FAILED", `${info.file} could not be undone: ${cause.message}`, {
		cause,
		hint: "Mend its `down`, then run any command that writes: it finishes the way back first.",
		facts: cause.facts
	});
}
var init_down = __esmMin(() => {
	init_errors$2();
	init_schema_version_service();
	init_attempt();
	init_context();
	init_attempted();
	init_matching();
});
// ../../core/src/rollback/both.ts
/** Goes back by `down`, and proves it; where there is none, or it fails, or leads elsewhere, restores the backup. */
async function rollBackByBoth(run) {
	if (!standingSteps(run.outcome).every(({ loaded, info }) => loaded[info.direction === "up" ? "down" : "up"] !== null)) return rollBackByBackup(run);
	const reversed = await reverse(run);
	const doubts = reversed.outcome === "complete" ? await proveUnchanged(run) : reversed.errors;
	if (doubts.length === 0) return reversed;
	const restored = await rollBackByBackup(run);
	return {
		...restored,
		errors: [...doubts, ...restored.errors]
	};
}
/** The schema must be the one before the run; so must every row, unless others wrote meanwhile. */
async function proveUnchanged({ context, backup, fingerprint }) {
	const { session } = context;
	if (fingerprint !== null && await session.fingerprint() !== fingerprint) return [differs("Every `down` succeeded, but the schema is not what it was before the run.")];
	if (backup === null || context.settings.backup.mode !== "full" || await session.backup.othersWrote(backup)) return [];
	const changed = differences(backup.objects, await session.backup.sums());
	return changed.length === 0 ? [] : [differs(`Every \`down\` succeeded, but rows are not what they were before the run, in ${changed.join(", ")}.`)];
}
function differs(message) {
	return new DetentError("ROLLBACK_DIFFERS", message, { hint: "Compare its `down` with its `up`; the backup was used instead." });
}
var init_both = __esmMin(() => {
	init_manifest();
	init_errors$2();
	init_backup$3();
	init_down();
	init_attempted();
});
// ../../core/src/rollback/none.ts
/** Undoes nothing, and says what stands. */
async function rollBackByNone({ context, outcome }) {
	const { done, failed } = outcome;
	for (const direction of ["down", "up"]) {
		const files = done.filter(({ step }) => step.info.direction === direction).map(({ step }) => step.info.file);
		const what = direction === "up" ? "applied" : "undone";
		if (files.length > 0) warn(context, `Before the failure ${files.join(", ")} ${files.length === 1 ? "was" : "were"} ${what}; that stays so.`);
	}
	if (failed?.undone !== false) return {
		outcome: "none-needed",
		rolledBack: [],
		errors: []
	};
	warn(context, whatStands(failed, await context.versions.load(failed.step.info.id).catch(() => null)));
	return {
		outcome: "incomplete",
		rolledBack: [],
		errors: []
	};
}
function whatStands({ step }, row) {
	const { file, version, id, direction } = step.info;
	const kind = step.loaded[direction]?.kind ?? "code";
	const isScript = kind !== "code";
	if (isScript && row !== null && row.intent === null && row.statementsTotal !== null) return `${countOf(row, file, direction, kind === "stages" ? "stages" : "statements")} Mend the next one; then ${GOES_ON}`;
	const goesOn = isScript ? (row?.intent?.kind ?? "ddl") === "ddl" : step.loaded.idempotent;
	const settle = `Look at what it did, then say what is so with \`detent resolve ${version ?? id} --as rolled_back\` or \`--as applied\`.`;
	return `Part of ${file} may stand: it ran without a transaction around all of it. ${goesOn ? GOES_ON : settle}`;
}
function countOf({ statementsDone: done, statementsTotal: total }, file, way, what) {
	return way === "up" ? `${done} of the ${total} ${what} of ${file} ${done === 1 ? "stands" : "stand"}.` : `${done} of the ${total} ${what} of the way back of ${file} ${done === 1 ? "is" : "are"} done.`;
}
var GOES_ON;
var init_none = __esmMin(() => {
	init_context();
	GOES_ON = "`detent up` goes on where it stopped.";
});
// ../../core/src/rollback/rollback-service.ts
/** Whether anything of the run stands. */
function changedAnything({ done, failed }) {
	return done.length > 0 || failed?.undone === false;
}
var STRATEGIES, RollbackService;
var init_rollback_service = __esmMin(() => {
	init_context();
	init_runner();
	init_backup$3();
	init_both();
	init_down();
	init_none();
	STRATEGIES = {
		none: rollBackByNone,
		down: rollBackByDown,
		backup: rollBackByBackup,
		both: rollBackByBoth
	};
	RollbackService = class {
		#backups;
		constructor(backups) {
			this.#backups = backups;
		}
		/** Undoes what transactions did not. Never throws; what goes wrong is in the report. */
		async rollback(context, outcome, before) {
			const { settings, events } = context;
			const strategy = settings.rollback;
			if (!changedAnything(outcome)) return {
				outcome: "none-needed",
				rolledBack: outcome.takenBack,
				errors: []
			};
			events.emit({
				kind: "rollback-started",
				strategy
			});
			const backwards = {
				...context,
				settings: {
					...settings,
					transaction: "each"
				},
				signal: new AbortController().signal
			};
			const runner = new MigrationRunner(backwards, 0);
			const report = await STRATEGIES[strategy]({
				context: backwards,
				runner,
				outcome,
				backups: this.#backups,
				...before
			});
			if (report.outcome === "complete") await this.#recordEnd(context);
			if (report.outcome !== "none-needed") events.emit({
				kind: "rollback-finished",
				outcome: report.outcome
			});
			return report;
		}
		/** Trouble with it is a warning: what was rolled back stays so. */
		async #recordEnd(context) {
			const { versions, identity } = context;
			await versions.append(identity, "rollback-finished", null, null).catch((thrown) => {
				warn(context, `The end of the rollback could not be written into the ledger: ${String(thrown)}`);
			});
		}
	};
});
// ../../core/src/run/execute.ts
/** Phases 8 to 12 of the lifecycle: what happens once nothing speaks against it. */
async function executeRun(context, run, backups, report) {
	const { settings, session, versions, identity } = context;
	await versions.append(identity, "run-started", null, run.plan.operation);
	const before = {
		fingerprint: reverses(settings.rollback) ? await session.fingerprint() : null,
		backup: await takeBackup(context, backups)
	};
	const own = settings.backup.mode === "restore-only" ? null : before.backup;
	if (own !== null) report.backup(own, true);
	const { outcome, error } = await runSteps(context, run);
	report.ran(outcome);
	if (error === null) await finish(context, run);
	else {
		report.failed(error);
		if (error.code === "LOCK_LOST" || error.code === "CONNECTION") {
			const isHalfWay = settings.rollback === "none" ? outcome.failed?.undone === false : changedAnything(outcome);
			return report.lost(isHalfWay);
		}
		report.rolledBack(await new RollbackService(backups).rollback(context, outcome, before));
		await recordEnd(context, "run-failed");
	}
	if (own !== null && settings.backup.mode === "full" && !settings.backup.keep && report.isClean) report.backup(own, !await isDeleted(context, backups, own));
	return report.finish([]);
}
/** What the run came to does not change because its backup is still there. */
async function isDeleted(context, backups, own) {
	try {
		await backups.deleteBackup(own);
		return true;
	} catch (thrown) {
		const words = thrown instanceof Error ? thrown.message : String(thrown);
		warn(context, `The backup ${own.path} is not needed any more, and could not be deleted: ${words}`);
		return false;
	}
}
/** The backup that a failure would restore: made now, or made earlier and named in the settings. */
async function takeBackup({ settings, identity, signal }, backups) {
	const { mode, from } = settings.backup;
	if (!restores(settings.rollback) || mode === "manual") return null;
	if (mode === "restore-only") return from === null ? null : backups.open(from);
	return backups.backup(identity.runId, null, signal);
}
/** The hooks that come before, and the steps. */
async function runSteps(context, run) {
	const { session } = context;
	const { scan, plan, steps } = run;
	try {
		await runHook(context, "beforeMigrate", (hook) => hook({
			plan,
			db: session.db
		}));
		await runHookFiles(context, scan.hooks, "beforeMigrate");
	} catch (thrown) {
		return {
			outcome: {
				done: [],
				failed: null,
				takenBack: []
			},
			error: asDetentError(thrown, "HOOK_FAILED", (words) => words)
		};
	}
	const lastOrder = scan.history.entries.reduce((highest, { appliedOrder }) => Math.max(highest, appliedOrder), 0);
	const outcome = await new MigrationRunner(context, lastOrder + 1).execute(steps);
	return {
		outcome,
		error: outcome.failed?.error ?? null
	};
}
async function finish(context, { scan, plan }) {
	const { session } = context;
	await runHookFiles(context, scan.hooks, "afterMigrate");
	await runHook(context, "afterMigrate", (hook) => hook({
		plan,
		db: session.db
	}));
	await recordEnd(context, "run-finished");
}
/** With the schema as the run leaves it, which `verify` compares later. Trouble with it undoes nothing. */
async function recordEnd(context, action) {
	const { session, versions, identity } = context;
	try {
		await versions.append(identity, action, null, JSON.stringify({ fingerprint: await session.fingerprint() }));
	} catch (thrown) {
		warn(context, `The end of the run could not be written into the ledger: ${String(thrown)}`);
	}
}
var init_execute = __esmMin(() => {
	init_config$1();
	init_errors$2();
	init_rollback_service();
	init_context();
	init_hooks();
	init_runner();
});
// ../../core/src/run/locking.ts
/**
* Takes the lock by the policy. Polls, because a blocking wait in the database can deadlock with the holder's own work.
* Waits as long as the holder shows signs of life, and `waitMs` beyond its last one. Throws `LOCK_HELD`.
*/
async function takeLock(request) {
	const { lock, owner, policy, events, signal } = request;
	const startedAt = Date.now();
	let lastSign = {
		heartbeat: "",
		at: startedAt
	};
	for (let poll = FIRST_POLL_MS;; poll = Math.min(poll * 1.5, LAST_POLL_MS)) {
		signal.throwIfAborted();
		const attempt = await lock.tryAcquire(owner);
		const waitedMs = Date.now() - startedAt;
		if (attempt.kind === "acquired") {
			events.emit({
				kind: "lock-acquired",
				token: attempt.lease.token,
				waitedMs
			});
			return {
				kind: "acquired",
				lease: attempt.lease,
				waited: poll > FIRST_POLL_MS
			};
		}
		const { holder } = attempt;
		if (policy.onHeld === "skip") return {
			kind: "skipped",
			holder
		};
		const sign = `${holder.token}/${holder.heartbeat}`;
		if (sign !== lastSign.heartbeat) lastSign = {
			heartbeat: sign,
			at: Date.now()
		};
		if (policy.onHeld === "fail" || Date.now() - lastSign.at >= policy.waitMs) throw lockHeld(holder, waitedMs);
		events.emit({
			kind: "lock-waiting",
			holder,
			waitedMs
		});
		await setTimeout$1(poll * (.5 + Math.random()), void 0, { signal });
		if (await request.isDone()) return { kind: "no-need" };
	}
}
function lockHeld(holder, waitedMs) {
	const { username, host, pid, since, runId } = holder;
	const waited = waitedMs < 1e3 ? "" : ` Waited ${Math.round(waitedMs / 1e3)} s.`;
	return new DetentError("LOCK_HELD", `The lock is held by ${username} on ${host} (process ${pid}) since ${new Date(since).toISOString()}.${waited}`, {
		hint: "Wait until that run ends. If its process is gone or stuck for certain, run `detent unlock --fence`.",
		facts: { holder: {
			runId,
			username,
			host,
			pid,
			since
		} }
	});
}
var FIRST_POLL_MS, LAST_POLL_MS;
var init_locking = __esmMin(() => {
	init_errors$2();
	FIRST_POLL_MS = 50;
	LAST_POLL_MS = 1e3;
});
// ../../core/src/history/ledger-detail.ts
/** The newest rollback that this run began; `null` when it began none. */
function rollbackOf(events, runId) {
	const found = events.findLast((event) => event.runId === runId && event.action === "rollback-started");
	const detail = JSON.parse(found?.detail ?? "null");
	return isDetail(detail) ? detail : null;
}
function isDetail(value) {
	return typeof value === "object" && value !== null && "strategy" in value && "backup" in value && "fingerprint" in value && "content" in value;
}
var init_ledger_detail = __esmMin(() => {});
// ../../core/src/run/decide.ts
/**
* Decides from the row and the schema as it is now, as far as the intent's scope goes. Pure.
* A schema that changed with the intent's statement shows that it ran. Rows that are as they were show that it did not;
* rows that changed may have been changed in part, or by others. Code leaves no trace.
*/
function decide({ intent }, fingerprint) {
	if (intent === null) return {
		kind: "again",
		why: "each step is recorded together with its work"
	};
	if (intent.idempotent) return {
		kind: "again",
		why: "running it twice does what running it once does"
	};
	switch (intent.kind) {
		case "ddl":
			if (intent.fingerprint === fingerprint) return {
				kind: "again",
				why: "the schema is as it was before the statement"
			};
			return intent.after === null || intent.after === fingerprint ? {
				kind: "next",
				why: "the schema shows that the statement ran"
			} : {
				kind: "unknown",
				why: "the schema is neither as it was before the statement nor as it would be after it"
			};
		case "unseen": return {
			kind: "unknown",
			why: "the schema does not show whether the statement ran"
		};
		case "code": return {
			kind: "unknown",
			why: "code without a transaction leaves no trace"
		};
		case "data": return intent.scope !== null && intent.fingerprint === fingerprint ? {
			kind: "again",
			why: "the rows are as they were before the statement"
		} : {
			kind: "unknown",
			why: "rows that no transaction takes back may have changed"
		};
	}
}
var init_decide = __esmMin(() => {});
// ../../core/src/run/recovery.ts
/**
* Finishes or classifies what a dead run left. Throws `UNKNOWN_STATE` when only a person can tell, after everything
* that could be decided was; nothing else may run then.
*/
async function recover(context, scan, finishRestore) {
	const rows = await unfinishedRows(context, scan);
	const restoring = rows.filter((row) => row.state === "restoring");
	if (restoring.length > 0) return resumeRestore(context, restoring, finishRestore);
	const unknown = [];
	for (const row of rows) {
		const doubt = await settle(context, scan, row);
		if (doubt !== null) unknown.push(doubt);
	}
	const [first] = unknown;
	if (first !== void 0) throw first;
	const backwards = (await unfinishedRows(context, scan)).filter((row) => row.state === "rolling_back");
	if (backwards.length > 0) await resumeRollback(context, scan, backwards);
}
async function unfinishedRows({ versions }, scan) {
	const rows = [];
	for (const entry of scan.history.entries) {
		const row = UNFINISHED.has(entry.state) ? await versions.load(entry.id) : null;
		if (row !== null) rows.push(row);
	}
	return rows;
}
/** Decides about an intent and writes the decision down. Gives what is to be said where it is for a person. */
async function settle(context, scan, row) {
	const { session, versions, identity, events } = context;
	const { intent } = row;
	if (intent === null && row.state === "failed") return null;
	const now = isTraced(intent) ? await session.fingerprint(intent.scope) : "";
	const verdict = decide(row, now);
	const next = {
		...row,
		token: identity.token,
		intent: null,
		...verdict.kind === "unknown" ? {
			state: "unknown",
			intent
		} : {},
		...verdict.kind === "next" ? {
			statementsDone: row.statementsDone + 1,
			statementHashes: [...row.statementHashes, intent?.hash ?? ""]
		} : {}
	};
	if (intent !== null) await inTransaction$1(context, () => versions.record(identity, next, "recovered", `${verdict.kind}: ${verdict.why}`));
	events.emit({
		kind: "recovered",
		id: row.id,
		from: row.state,
		to: next.state,
		why: verdict.why
	});
	return verdict.kind === "unknown" ? unknownStep(context, scan, row, {
		why: verdict.why,
		now
	}) : null;
}
/** Names the step that is in doubt, and how the schema was and is. */
async function unknownStep(context, scan, row, { why, now }) {
	const { message, hint, facts } = unknownState(row);
	const index = row.intent?.statement ?? null;
	const step = index === null ? "" : ` It stopped in statement ${index + 1}:`;
	return new DetentError("UNKNOWN_STATE", `${message}${step} ${why}.`, {
		...hint === void 0 ? {} : { hint },
		facts: {
			...facts,
			...await statementFacts(context, scan, row),
			before: row.intent?.fingerprint ?? null,
			now
		}
	});
}
/** The statement in doubt and its place, where the file still has it. */
async function statementFacts({ settings }, scan, { id, intent }) {
	const file = scan.files.find((each) => each.id === id);
	if (file === void 0 || intent === null || intent.statement === null) return {};
	const action = (await loadMigration(file, settings).catch(() => null))?.[intent.direction];
	const statement = action?.kind === "script" ? action.statements[intent.statement] : void 0;
	if (action === null || action === void 0 || statement === void 0) return {};
	if (statementHash(statement.text) !== intent.hash) return {};
	const { text, line, column } = statement;
	return {
		place: {
			file: action.file,
			line,
			column
		},
		statement: text
	};
}
async function resumeRestore(context, rows, finishRestore) {
	const { session, versions, events } = context;
	const [first] = rows;
	const detail = first === void 0 ? null : rollbackOf(await versions.events(null), first.runId);
	if (detail === null || detail.backup === null) throw restoreByHand("The last run died while it restored a backup, and the ledger does not name it.", null);
	const content = contentHash(await session.backup.sums());
	if (content !== detail.content && content !== detail.restored) throw restoreByHand("The last run died while it restored a backup, and others have written since.", detail.backup);
	await finishRestore(rows.map((row) => row.id), detail.backup);
	for (const row of rows) events.emit({
		kind: "recovered",
		id: row.id,
		from: "restoring",
		to: "rolled_back",
		why: "the restore was finished"
	});
}
function restoreByHand(message, backup) {
	return new DetentError("RESTORE_BLOCKED", message, { hint: backup === null ? "Name it: `detent restore <path>`." : `When that is acceptable, run \`detent restore ${backup}\`.` });
}
/** Goes on downwards, newest first. */
async function resumeRollback(context, scan, rows) {
	const { versions, session, settings, events, identity } = context;
	const newestFirst = rows.toSorted((a, b) => b.appliedOrder - a.appliedOrder);
	const detail = newestFirst[0] === void 0 ? null : rollbackOf(await versions.events(null), newestFirst[0].runId);
	const loaded = await loadSteps({
		kind: "steps",
		operation: "down",
		steps: newestFirst.map((row) => downStep(scan, row, "interrupted")),
		migrated: [],
		ignored: [],
		missing: [],
		ahead: [],
		problems: [],
		warnings: []
	}, {
		settings,
		rowOf: (id) => versions.load(id),
		known: /* @__PURE__ */ new WeakMap()
	});
	let failure = loaded.problems[0] ?? null;
	if (failure === null) failure = (await new MigrationRunner({
		...context,
		settings: {
			...settings,
			transaction: "each"
		}
	}, 0).execute(loaded.steps)).failed?.error ?? null;
	if (failure === null && (detail?.fingerprint ?? null) !== null && detail?.fingerprint !== await session.fingerprint()) {
		const message = "The way back of the last run was finished, but the schema is not what it was before that run.";
		if (detail?.strategy === "both") failure = new DetentError("ROLLBACK_DIFFERS", message, { hint: "Compare the `down` parts with their `up`." });
		else warn(context, message);
	}
	if (failure !== null) throw wayOut(failure, detail);
	await versions.append(identity, "rollback-finished", null, null);
	for (const row of newestFirst) events.emit({
		kind: "recovered",
		id: row.id,
		from: "rolling_back",
		to: "rolled_back",
		why: "the way back was finished"
	});
}
/** Whether others wrote since the backup cannot be known any more, so a person decides about it. */
function wayOut(failure, detail) {
	const backup = detail?.backup ?? null;
	if (backup === null) return failure;
	return new DetentError("RESTORE_BLOCKED", `The way back of the last run cannot be finished: ${failure.message}`, {
		cause: failure,
		hint: `Mend its \`down\` and run again, or run \`detent restore ${backup}\`, which loses what was written since.`,
		facts: failure.facts
	});
}
var UNFINISHED;
var init_recovery = __esmMin(() => {
	init_manifest();
	init_errors$2();
	init_ledger_detail();
	init_schema_version_service();
	init_down$1();
	init_history_check();
	init_load$1();
	init_pending();
	init_attempt();
	init_context();
	init_decide();
	init_intent();
	init_runner();
	UNFINISHED = /* @__PURE__ */ new Set([
		"running",
		"failed",
		"rolling_back",
		"restoring"
	]);
});
// ../../core/src/run/lifecycle.ts
var lifecycle_exports = /* @__PURE__ */ __exportAll({ runUnderLock: () => runUnderLock });
/**
* Phases 3 to 7 of the lifecycle of every operation that runs migrations; the planner makes the difference between
* them. Phases 1 and 2 came before, in `changeDatabase`; 8 to 12 are in `executeRun`.
*/
async function runUnderLock(environment, { session, scanner, ...seen }, planner, report, signal) {
	const { settings, events } = environment;
	const known = /* @__PURE__ */ new WeakMap();
	let { scan, plan } = seen;
	if (!isStuck(scan.history.entries) && await session.lock.holder() === null) {
		const { problems } = await checkPlan(environment, session, plan, known);
		if (problems.length > 0) return report.finish(problems);
	}
	const owner = ownerOf(settings, report.runId);
	const isDone = async () => {
		scan = await scanner.rescan(scan);
		return isIdle(scan, planner(scan));
	};
	const lock = await takeLock({
		lock: session.lock,
		owner,
		policy: settings.lock,
		events,
		signal,
		isDone
	});
	if (lock.kind === "skipped") return report.skip(lock.holder);
	if (lock.kind === "no-need") {
		report.planned(planner(scan));
		return report.finish([]);
	}
	await using lease = lock.lease;
	const context = contextOf(environment, {
		session,
		owner,
		lease,
		signal,
		report
	});
	const backups = new BackupService(session, settings, events);
	await context.versions.init();
	await recover(context, await scanner.rescan(scan), async (ids, path) => {
		const manifest = await backups.open(path);
		await backups.restore(manifest, await rewriteHistory(context, ids, manifest));
	});
	scan = lock.waited ? await scanner.scan() : await scanner.rescan(scan);
	plan = planner(scan);
	report.planned(plan);
	const { loaded, problems } = await checkPlan(environment, session, plan, known);
	report.warn(loaded.warnings);
	if (problems.length > 0 || plan.kind === "nothing") return report.finish(problems);
	events.emit({
		kind: "planned",
		plan
	});
	return await executeRun(context, {
		scan,
		plan,
		steps: loaded.steps
	}, backups, report);
}
var init_lifecycle = __esmMin(() => {
	init_backup_service();
	init_backup$3();
	init_selector();
	init_check$1();
	init_context();
	init_execute();
	init_locking();
	init_look();
	init_recovery();
});
// ../../core/src/run/look.ts
/**
* Phases 1 and 2 of the lifecycle: connects and looks. Nearly every start finds nothing to do, and so what comes after
* is not even loaded before there is something. Throws only for misuse.
*/
async function changeDatabase(environment, operation, planner, signal) {
	const { settings, events, connection } = environment;
	const report = new RunReport(operation, settings, events);
	try {
		report.start();
		const session = await connection.session("write");
		const scanner = await environment.scanner(session);
		const scan = await scanner.scan();
		const plan = planner(scan);
		report.planned(plan);
		if (isIdle(scan, plan)) return report.finish([]);
		const { runUnderLock } = await Promise.resolve().then(() => (init_lifecycle(), lifecycle_exports));
		return await runUnderLock(environment, {
			session,
			scanner,
			scan,
			plan
		}, planner, report, signal);
	} catch (thrown) {
		return report.fail(thrown, signal);
	}
}
/** Nothing pending, nothing unfinished and nothing wrong. */
function isIdle(scan, plan) {
	return plan.kind === "nothing" && !isStuck(scan.history.entries);
}
var init_look = __esmMin(() => {
	init_report$1();
	init_selector();
});
// ../../core/src/history/ledger.ts
/** The hash of a line given the hash of the line before it, in hex. Adapters store it; `verify` recomputes it. */
function chainHash(previousHash, line) {
	const { at, runId, actor, action, id, detail } = line;
	return hash("sha256", JSON.stringify([
		previousHash,
		at,
		runId,
		actor,
		action,
		id,
		detail
	]));
}
/** The sequence number of the first line that does not follow from the one before it; `null` when the chain is whole. */
function findBrokenLink(events) {
	let previous = events[0]?.previousHash ?? LEDGER_START;
	for (const event of events) {
		if (event.previousHash !== previous || event.hash !== chainHash(previous, event)) return event.seq;
		previous = event.hash;
	}
	return null;
}
var LEDGER_START;
var init_ledger = __esmMin(() => {
	LEDGER_START = "0".repeat(64);
});
// ../../core/src/validate/verify.ts
var verify_exports = /* @__PURE__ */ __exportAll({ verifyHistory: () => verifyHistory });
/** Holds files against history, the ledger against its own chain, and the live schema against what the last run left. */
async function verifyHistory(scan, settings, session) {
	const check = compareWithHistory(scan, settings);
	const problems = [...scan.problems, ...check.problems];
	const events = await session.history.events(null);
	const broken = findBrokenLink(events);
	if (broken !== null) problems.push(new DetentError("HISTORY_DAMAGED", `Line ${broken} of the ledger does not follow from the line before it: the ledger was changed by hand.`, { hint: "Compare it with a backup of the database." }));
	const fingerprint = await session.fingerprint();
	const recorded = lastFingerprint(events);
	if (recorded !== null && recorded !== fingerprint) problems.push(new DetentError("DRIFT", "The live schema is not what the last run left: something else changed it.", { hint: "Find out what, and write it as a migration; `detent up` records the schema again." }));
	return {
		problems,
		warnings: check.warnings,
		fingerprint,
		recorded
	};
}
function lastFingerprint(events) {
	const last = events.findLast(({ action }) => action === "run-finished" || action === "run-failed" || CHANGES$1.has(action));
	if (last === void 0 || CHANGES$1.has(last.action)) return null;
	const detail = JSON.parse(last.detail ?? "null");
	return typeof detail === "object" && detail !== null && "fingerprint" in detail ? String(detail.fingerprint) : null;
}
var CHANGES$1;
var init_verify$1 = __esmMin(() => {
	init_errors$2();
	init_ledger();
	init_history_check();
	CHANGES$1 = /* @__PURE__ */ new Set([
		"started",
		"applied",
		"undo-started",
		"undone",
		"restored"
	]);
});
// ../../core/src/run/maintain.ts
var maintain_exports = /* @__PURE__ */ __exportAll({ maintain: () => maintain });
/** Does bookkeeping under the lock that runs take. Throws only for misuse. */
async function maintain(environment, { operation, check, work }, signal) {
	const { settings, events, connection } = environment;
	const report = new RunReport(operation, settings, events);
	try {
		report.start();
		const session = await connection.session("write");
		const scanner = await environment.scanner(session);
		await check(session, await scanner.scan());
		const owner = ownerOf(settings, report.runId);
		const onHeld = settings.lock.onHeld === "skip" ? "fail" : settings.lock.onHeld;
		const policy = {
			...settings.lock,
			onHeld
		};
		const lock = await takeLock({
			lock: session.lock,
			owner,
			policy,
			events,
			signal,
			isDone: async () => false
		});
		if (lock.kind !== "acquired") throw new DetentError("INTERNAL", "The lock was not taken.");
		await using lease = lock.lease;
		const context = contextOf(environment, {
			session,
			owner,
			lease,
			signal,
			report
		});
		await context.versions.init();
		return report.maintained(await work(context, await scanner.scan()));
	} catch (thrown) {
		return report.unmaintained(thrown, signal);
	}
}
var init_maintain = __esmMin(() => {
	init_errors$2();
	init_report$1();
	init_context();
	init_locking();
});
// ../../core/src/history/maintenance.ts
/** Throws what speaks against a baseline: it is no version, or migrations are applied already. */
function checkBaseline(scan, version) {
	if (!/^\d+([._]\d+)*$/.test(version)) throw new DetentError("TARGET_UNKNOWN", `"${version}" is not a version.`, { hint: "A version is digits, such as 202311020036." });
	const applied = scan.history.entries.find(isApplied);
	if (applied !== void 0) throw new DetentError("BASELINE", `The history already begins with ${applied.file}.`, { hint: "A baseline is for a database without a history; use `detent mark` for single migrations." });
}
/** Writes a baseline. Throws as `checkBaseline`. */
async function baselineRow(book, scan, version, name) {
	checkBaseline(scan, version);
	const id = normalizeVersion(version);
	await record(book, {
		...finishRow(startRow(scan.files.find((item) => item.id === id) ?? virtualFile(id, version, name), book.identity, await book.versions.load(id), 1), "applied", null),
		state: "baseline",
		checksum: null,
		rawChecksum: null
	}, "baselined", null);
	return {
		what: "baseline",
		detail: version
	};
}
/** Throws what speaks against taking another tool's history over: there is none, or this one is not empty. */
function checkTakeOver(scan, foreign) {
	if (foreign === null) throw new DetentError("TARGET_UNKNOWN", "No version was named, and there is no history of another tool to take over.", { hint: "Name the version up to which everything is there: `detent baseline 202311020036`." });
	const applied = scan.history.entries.find(isApplied);
	if (applied === void 0) return foreign;
	throw new DetentError("BASELINE", `The history already begins with ${applied.file}.`, { hint: "A history is taken over before the first run; use `detent mark` for single migrations." });
}
/** Writes each of them as applied, in their order. A file that is gone is told and left out. */
async function takeOverRows(book, scan, foreign) {
	const files = new Map(scan.files.map((file) => [file.file.slice(file.file.lastIndexOf("/") + 1), file]));
	const changes = [];
	let order = 0;
	for (const { file: name, at } of foreign.applied) {
		const file = files.get(name);
		if (file === void 0) {
			changes.push({
				what: "without a file",
				detail: name
			});
			continue;
		}
		order += 1;
		await record(book, {
			...finishRow({
				...startRow(file, book.identity, await book.versions.load(file.id), order),
				startedAt: at
			}, "applied", null),
			finishedAt: at,
			durationMs: null
		}, "baselined", `as ${foreign.name} has it`);
		changes.push({
			what: "taken over",
			detail: file.file
		});
	}
	return changes;
}
/** The migration to mark. Throws where there is none, or where it is in the middle of something. */
async function findMarkable({ versions }, scan, version, as) {
	const found = await find(versions, scan, version);
	const { row } = found;
	if (row !== null && !isApplied(row) && row.state !== "rolled_back" && row.state !== "failed") throw new DetentError("STATE", `${row.file} is ${row.state}, which is settled by \`detent resolve\`.`, { hint: `Run \`detent resolve ${version} --as ${as}\`.` });
	return found;
}
/** Writes into the history that a migration is applied, or is not. Throws as `findMarkable`. */
async function markRow(book, scan, version, as, reason) {
	const { file, row } = await findMarkable(book, scan, version, as);
	return writeMark(book, scan, file, row, as, "marked", reason);
}
/** The migration to settle. Throws where there is none, or where there is nothing to settle. */
async function findUnsettled({ versions }, scan, version) {
	const found = await find(versions, scan, version);
	const { row } = found;
	if (row === null || [
		"applied",
		"baseline",
		"rolled_back"
	].includes(row.state)) throw new DetentError("STATE", `Version ${version} is ${row?.state ?? "pending"}; there is nothing to resolve.`, { hint: "To write it into the history by hand, use `detent mark`." });
	return found;
}
/** Settles a migration of which nobody can know. Throws as `findUnsettled`. */
async function resolveRow(book, scan, version, as, reason) {
	const { file, row } = await findUnsettled(book, scan, version);
	return writeMark(book, scan, file, row, as, "resolved", reason);
}
/** Takes over edited files and clears failed rows of which nothing stands. */
async function repairs(book, scan) {
	const files = new Map(scan.files.map((file) => [file.id, file]));
	const changes = [];
	for (const entry of scan.history.entries) {
		const file = files.get(entry.id);
		const row = await book.versions.load(entry.id);
		if (row === null) continue;
		if (row.state === "failed" && row.statementsDone === 0 && row.intent === null) {
			await record(book, {
				...row,
				state: "rolled_back"
			}, "repaired", "failed → rolled_back");
			changes.push({
				what: "cleared",
				detail: row.file
			});
		} else if (row.state === "applied" && row.kind === "versioned" && file !== void 0 && matchesApplied(row, file) !== "same") {
			const { checksum, rawChecksum, name } = file;
			await record(book, {
				...row,
				checksum,
				rawChecksum,
				name,
				file: file.file
			}, "repaired", `${row.checksum} → ${checksum}`);
			changes.push({
				what: "accepted",
				detail: file.file
			});
		}
	}
	return changes;
}
async function find(versions, scan, version) {
	const isIt = (item) => item.id === version || item.version !== null && /^\d/.test(version) && compareVersions(item.version, version) === 0;
	const file = scan.files.find(isIt) ?? null;
	const entry = scan.history.entries.find(isIt);
	if (file === null && entry === void 0) throw new DetentError("TARGET_UNKNOWN", `There is no migration with version ${version}.`, { hint: "See `detent status` for all." });
	return {
		file,
		row: entry === void 0 ? null : await versions.load(entry.id)
	};
}
async function writeMark(book, scan, file, row, as, action, reason) {
	const order = 1 + scan.history.entries.reduce((highest, entry) => Math.max(highest, entry.appliedOrder), 0);
	const begun = file === null ? row : {
		...startRow(file, book.identity, row, row?.appliedOrder ?? order),
		startedAt: Date.now(),
		downSource: row?.downSource ?? null
	};
	if (begun === null) throw new DetentError("INTERNAL", "Neither a file nor a row.");
	const next = {
		...finishRow({
			...begun,
			token: book.identity.token
		}, as, null),
		statementsDone: 0,
		statementHashes: []
	};
	await record(book, next, action, `${row?.state ?? "pending"} → ${as}${reason === null ? "" : `: ${reason}`}`);
	return {
		what: as,
		detail: next.file
	};
}
function record(book, row, action, detail) {
	const { identity, session, versions } = book;
	return session.transaction({ statements: [] }, () => versions.record(identity, {
		...row,
		token: identity.token
	}, action, detail));
}
/** Stands for the migrations that a baseline covers when none of them has that very version. */
function virtualFile(id, version, name) {
	return {
		id,
		version,
		name,
		kind: "versioned",
		file: name,
		filepath: name,
		checksum: "",
		rawChecksum: "",
		up: {
			kind: "script",
			file: name,
			text: async () => ""
		},
		down: null,
		twin: null
	};
}
var init_maintenance = __esmMin(() => {
	init_errors$2();
	init_selector();
	init_version();
	init_schema_version_service();
});
// ../../core/src/run/upkeep.ts
var upkeep_exports = /* @__PURE__ */ __exportAll({
	backupUpkeep: () => backupUpkeep,
	baselineUpkeep: () => baselineUpkeep,
	markUpkeep: () => markUpkeep,
	repairUpkeep: () => repairUpkeep,
	resolveUpkeep: () => resolveUpkeep,
	restoreUpkeep: () => restoreUpkeep,
	takeOverUpkeep: () => takeOverUpkeep
});
function baselineUpkeep(version, name) {
	return {
		operation: "baseline",
		check: async (_session, scan) => checkBaseline(scan, version),
		work: async (context, scan) => [await baselineRow(context, scan, version, name)]
	};
}
/** Takes over what another tool says is applied. */
function takeOverUpkeep() {
	return {
		operation: "baseline",
		check: async (session, scan) => void checkTakeOver(scan, await session.foreignHistory()),
		work: async (context, scan) => takeOverRows(context, scan, checkTakeOver(scan, await context.session.foreignHistory()))
	};
}
function markUpkeep({ version, as, reason }) {
	return {
		operation: "mark",
		check: async ({ history }, scan) => void await findMarkable({ versions: history }, scan, version, as),
		work: async (context, scan) => [await markRow(context, scan, version, as, reason)]
	};
}
function resolveUpkeep({ version, as, reason }) {
	return {
		operation: "resolve",
		check: async ({ history }, scan) => void await findUnsettled({ versions: history }, scan, version),
		work: async (context, scan) => [await resolveRow(context, scan, version, as, reason)]
	};
}
function repairUpkeep() {
	return {
		operation: "repair",
		check: async () => void 0,
		work: repairs
	};
}
/** `onMade` hears of the backup as soon as it is there. */
function backupUpkeep(environment, path, onMade) {
	return {
		operation: "backup",
		check: async (session) => {
			const [obstacle] = await backupsOf(environment, session).obstacles(path);
			if (obstacle === void 0) return;
			throw new DetentError("BACKUP_UNFIT", `There can be no backup: ${obstacle}`, { hint: "See `detent doctor`." });
		},
		work: async ({ session, identity, signal, versions }) => {
			const made = await backupsOf(environment, session).backup(identity.runId, path, signal);
			onMade(made);
			await versions.append(identity, "backup", null, made.path);
			return [{
				what: "backup",
				detail: made.path
			}];
		}
	};
}
function restoreUpkeep(environment, path) {
	return {
		operation: "restore",
		check: async (session) => void await backupsOf(environment, session).open(path),
		work: async (context, scan) => {
			const backups = backupsOf(environment, context.session);
			const manifest = await backups.open(path);
			const unfinished = scan.history.entries.filter((entry) => !isApplied(entry)).map(({ id }) => id);
			await backups.restore(manifest, await rewriteHistory(context, unfinished, manifest));
			return [{
				what: "restored",
				detail: manifest.path
			}];
		}
	};
}
function backupsOf({ settings, events }, session) {
	return new BackupService(session, settings, events);
}
var init_upkeep = __esmMin(() => {
	init_backup_service();
	init_errors$2();
	init_maintenance();
	init_backup$3();
	init_selector();
});
// ../../core/src/run/restore-into.ts
var restore_into_exports = /* @__PURE__ */ __exportAll({ restoreInto: () => restoreInto });
/**
* Puts a backup into a new database beside the one that the environment is of, which is not touched. What was made is taken
* away again when that fails. Throws `CONFIG` where the adapter cannot make one, or one of that name is there.
*/
async function restoreInto({ settings, events }, { path, into }, signal) {
	const { adapter, timeouts } = settings;
	if (adapter.createDatabase === void 0) throw misuse(`${adapter.target} can have no other database made beside it here.`, "Make an empty one, and name it by its URL in place of this one.");
	const { connectMs: connectTimeoutMs } = timeouts;
	let created;
	try {
		created = await adapter.createDatabase(into, {
			connectTimeoutMs,
			signal
		});
	} catch (thrown) {
		return new RunReport("restore", settings, events).unmaintained(thrown, signal);
	}
	const own = {
		...settings,
		adapter: created.adapter
	};
	const connection = new Connection$1(own, signal);
	const environment = new Environment(own, connection, events);
	const result = await maintain(environment, restoreUpkeep(environment, path), signal);
	await connection.close();
	if (!result.success) {
		await created.drop();
		return result;
	}
	return {
		...result,
		changes: [...result.changes, {
			what: "into",
			detail: created.adapter.target
		}]
	};
}
var init_restore_into = __esmMin(() => {
	init_connection();
	init_errors$2();
	init_report$1();
	init_environment$1();
	init_maintain();
	init_upkeep();
});
// ../../core/src/executor.ts
function downTarget({ to, steps }) {
	if (to !== void 0 && steps !== void 0) throw misuse("down takes `to` or `steps`, not both.", "Leave one out.");
	if (to !== void 0) return { to };
	if (steps !== void 0 && (!Number.isInteger(steps) || steps < 1)) throw misuse(`steps must be a whole number above 0, not ${steps}.`, "Leave it out for one step.");
	return { steps: steps ?? 1 };
}
var MigrationScriptExecutor;
var init_executor = __esmMin(() => {
	init_config$1();
	init_connection();
	init_errors$2();
	init_events();
	init_down$1();
	init_migrate();
	init_status();
	init_environment$1();
	init_look();
	MigrationScriptExecutor = class {
		settings;
		#environment;
		#closing = new AbortController();
		#queue = Promise.resolve();
		/** Throws `CONFIG` when the options are wrong. Connects to nothing. */
		constructor(options) {
			this.settings = checkOptions$2(options);
			const events = new Events((thrown) => this.settings.logger.warn(`A listener threw: ${String(thrown)}`));
			const connection = new Connection$1(this.settings, this.#closing.signal);
			this.#environment = new Environment(this.settings, connection, events);
		}
		on(kind, listener) {
			return this.#environment.events.listen((event) => {
				if (kind === "*" || event.kind === kind) listener(event);
			});
		}
		/** Applies what is pending. */
		migrate(options = {}) {
			return this.#change("migrate", (scan) => planMigrate(scan, this.settings, options.to ?? null), options);
		}
		/** Undoes the newest migration, the newest `steps`, or everything above `to`. */
		down(options = {}) {
			const target = downTarget(options);
			return this.#change("down", (scan) => planDown(scan, this.settings, target), options);
		}
		/** Undoes the newest migration, or `version`, and applies its file again. */
		redo(options = {}) {
			return this.#change("redo", (scan) => planRedo(scan, this.settings, options.version ?? null), options);
		}
		/** What `migrate` would do. Executes nothing and writes nothing. */
		plan(options = {}) {
			return this.#look((scan) => planMigrate(scan, this.settings, options.to ?? null));
		}
		/** What `down` would do. */
		planDown(options = {}) {
			const target = downTarget(options);
			return this.#look((scan) => planDown(scan, this.settings, target));
		}
		/** What `redo` would do. */
		planRedo(options = {}) {
			return this.#look((scan) => planRedo(scan, this.settings, options.version ?? null));
		}
		/** Every migration, in files and in the history, and what it is. */
		status() {
			return this.#read(async (session, scan) => {
				const scanned = await scan();
				const rows = [];
				for (const { id } of scanned.history.entries.filter(isUnended)) {
					const row = await session.history.load(id);
					if (row !== null) rows.push(row);
				}
				return statusOf(scanned, this.settings, {
					holder: await session.lock.holder(),
					rows
				});
			});
		}
		/** The newest `count` migrations of `status`, or all; oldest first. */
		async list(count) {
			const { migrations } = await this.status();
			return count === void 0 ? migrations : migrations.slice(-count);
		}
		/** Everything that would refuse a run: files, history, modules, strategy. Empty when nothing does. */
		async validate() {
			const settings = {
				...this.settings,
				onMissing: "error"
			};
			return (await this.#look((scan) => planMigrate(scan, settings, null))).problems;
		}
		/** Whether files, history, ledger and the live schema agree. */
		verify() {
			return this.#read(async (session, scan) => {
				const { verifyHistory } = await Promise.resolve().then(() => (init_verify$1(), verify_exports));
				return verifyHistory(await scan(), this.settings, session);
			});
		}
		/** The newest lines of the ledger, oldest first. */
		history(count = null) {
			return this.#read((session) => session.history.events(count));
		}
		inspect() {
			return this.#read(async ({ server, capabilities, lock }) => ({
				server,
				capabilities,
				holder: await lock.holder()
			}));
		}
		/**
		* Says that everything up to `version` is there already, so that it never runs. Without a version: that everything is
		* there which the history of another tool in this database says is.
		*/
		baseline(options) {
			const { version, name = "baseline" } = options;
			return this.#maintain(options, ({ baselineUpkeep, takeOverUpkeep }) => version === void 0 ? takeOverUpkeep() : baselineUpkeep(version, name));
		}
		/** Writes `version` into the history, or takes it out, without running anything. */
		mark({ version, as, reason, ...options }) {
			return this.#maintain(options, ({ markUpkeep }) => markUpkeep({
				version,
				as,
				reason: reason ?? null
			}));
		}
		/** Says how a migration ended of which nobody can know. */
		resolve({ version, as, reason, ...options }) {
			return this.#maintain(options, ({ resolveUpkeep }) => resolveUpkeep({
				version,
				as,
				reason: reason ?? null
			}));
		}
		/** Accepts edited files as they are now, and clears failed rows of which nothing stands. */
		repair(options = {}) {
			return this.#maintain(options, ({ repairUpkeep }) => repairUpkeep());
		}
		/** Makes a backup that is kept; in the configured folder unless a path is given. */
		async backup(options = {}) {
			let backup;
			const result = await this.#maintain(options, ({ backupUpkeep }) => backupUpkeep(this.#environment, options.path ?? null, (made) => backup = made));
			return backup === void 0 ? result : {
				...result,
				backup
			};
		}
		/** Puts a backup back, whatever was written since; or, with `into`, into a new database of that name, touching nothing. */
		restore(options) {
			const { path, into } = options;
			if (into !== void 0) return this.#serial(async () => {
				const { restoreInto } = await Promise.resolve().then(() => (init_restore_into(), restore_into_exports));
				return restoreInto(this.#environment, {
					path,
					into
				}, this.#signalOf(options));
			});
			return this.#maintain(options, ({ restoreUpkeep }) => restoreUpkeep(this.#environment, options.path));
		}
		/** Takes the lock away from whoever holds it. Gives who that was. */
		unlock(options = {}) {
			const { connection } = this.#environment;
			return this.#serial(async () => (await connection.session("write")).lock.break({ fence: options.fence ?? false }));
		}
		/** Stops what runs, waits for its end and disconnects. */
		async close() {
			this.#closing.abort(new DetentError("CANCELLED", "The executor was closed."));
			await this.#queue;
			await this.#environment.connection.close();
		}
		async [Symbol.asyncDispose]() {
			await this.close();
		}
		#change(operation, planner, options) {
			return this.#serial(() => changeDatabase(this.#environment, operation, planner, this.#signalOf(options)));
		}
		#maintain(options, choose) {
			return this.#serial(async () => {
				const [{ maintain }, verbs] = await Promise.all([Promise.resolve().then(() => (init_maintain(), maintain_exports)), Promise.resolve().then(() => (init_upkeep(), upkeep_exports))]);
				return maintain(this.#environment, choose(verbs), this.#signalOf(options));
			});
		}
		#look(planner) {
			return this.#read(async (session, scan) => {
				const { checkPlan } = await Promise.resolve().then(() => (init_check$1(), check_exports$1));
				return checkPlan(this.#environment, session, planner(await scan()), /* @__PURE__ */ new WeakMap());
			});
		}
		#read(work) {
			const environment = this.#environment;
			return this.#serial(async () => {
				const session = await environment.connection.session("read");
				return work(session, async () => (await environment.scanner(session)).scan());
			});
		}
		/** One after another: they share a session. */
		#serial(work) {
			if (this.#closing.signal.aborted) return Promise.reject(misuse("The executor is closed.", "Make another one."));
			const next = this.#queue.then(work);
			this.#queue = next.catch(() => void 0);
			return next;
		}
		#signalOf({ signal }) {
			return signal === void 0 ? this.#closing.signal : AbortSignal.any([this.#closing.signal, signal]);
		}
	};
});
// ../../core/src/config-file.ts
/** Gives the configuration back as it is; there for its types. */
function defineConfig$2(config) {
	return config;
}
var init_config_file = __esmMin(() => {});
// ../../core/src/migration.ts
/** Gives the migration back as it is; there for its types. */
function defineMigration$2(migration) {
	return migration;
}
var init_migration = __esmMin(() => {});
// ../../core/src/result.ts
/** The exit code of a process that ends with this result; see docs/errors.md. */
function exitCodeOf(result) {
	if (result.success) return 0;
	const first = result.errors[0];
	const code = first === void 0 ? ERROR_CODES.INTERNAL : ERROR_CODES[first.code];
	return (result.rollback === "incomplete" || result.rollback === "blocked") && code !== ERROR_CODES.LOCK_LOST ? 5 : code;
}
var init_result = __esmMin(() => {
	init_errors$2();
});
// ../../core/src/index.ts
var init_src$3 = __esmMin(() => {
	init_executor();
	init_config$1();
	init_config_shape();
	init_config_file();
	init_errors$2();
	init_migration();
	init_directory();
	init_assemble();
	init_checksum();
	init_filename();
	init_layout();
	init_modules();
	init_ledger();
	init_nearest();
	init_result();
	init_tool_version();
});
// src/event.ts
init_src$3();
/** Throws `USAGE` for an event file that cannot be read. */
function readEvent(env) {
	const name = env["GITHUB_EVENT_NAME"] ?? "";
	const payload = payloadOf(env["GITHUB_EVENT_PATH"]);
	const own = textAt(payload, "repository", "full_name") ?? env["GITHUB_REPOSITORY"] ?? null;
	const number = valueAt(payload, "pull_request", "number");
	return {
		name,
		isForeign: [...valueAt(payload, "pull_request") !== void 0 ? [textAt(payload, "pull_request", "head", "repo", "full_name")] : [], ...name === "workflow_run" ? [textAt(payload, "workflow_run", "head_repository", "full_name")] : []].some((head) => head === null || head !== own),
		pullRequest: typeof number === "number" && Number.isInteger(number) && number > 0 ? number : null
	};
}
/** Why the command must not run, or even read a file; `null` when it may. */
function refusalOf(command, { name, isForeign }) {
	if (name === "pull_request_target") return new DetentError("USAGE", "Detent does not run for pull_request_target, which has secrets and foreign code.", { hint: "Use the event pull_request: check and plan need no secret." });
	if (!isForeign || !(command === "apply" || command === "down")) return null;
	return new DetentError("USAGE", `${command} does not run for code of a fork.`, { hint: "Run check on pull requests, and apply on a push to your own branch." });
}
function payloadOf(file) {
	if (file === void 0 || file === "") return {};
	try {
		return JSON.parse(readFileSync(file, "utf8"));
	} catch (cause) {
		throw new DetentError("USAGE", "The event file cannot be read.", {
			hint: "Check GITHUB_EVENT_PATH.",
			cause
		});
	}
}
function valueAt(value, ...path) {
	let at = value;
	for (const key of path) {
		if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return void 0;
		at = at[key];
	}
	return at ?? void 0;
}
function textAt(value, ...path) {
	const found = valueAt(value, ...path);
	return typeof found === "string" ? found : null;
}
// src/inputs.ts
init_src$3();
const COMMANDS = [
	"check",
	"plan",
	"apply",
	"down",
	"verify",
	"status"
];
/** Reads the environment that the runner makes. Throws `USAGE`. */
function readInputs(env) {
	const read = (name) => env[`INPUT_${name.toUpperCase()}`]?.trim() || null;
	return {
		command: commandOf(read("command") ?? "check"),
		url: read("url"),
		scratchUrl: read("scratch-url"),
		migrations: read("migrations"),
		config: read("config"),
		env: read("env"),
		workingDirectory: read("working-directory") ?? ".",
		to: read("to"),
		steps: stepsOf(read("steps")),
		comment: switchOf("comment", read("comment") ?? "true"),
		commentKey: read("comment-key") ?? "default",
		token: read("token")
	};
}
function commandOf(word) {
	const command = COMMANDS.find((name) => name === word);
	if (command !== void 0) return command;
	throw new DetentError("USAGE", `There is no command "${word}"${didYouMean(word, COMMANDS) || "."}`, { hint: `Use one of ${COMMANDS.join(", ")}.` });
}
function stepsOf(text) {
	if (text === null) return null;
	if (/^[1-9]\d{0,8}$/u.test(text)) return Number(text);
	throw new DetentError("USAGE", "steps is not a whole number above 0.", { hint: "Leave it out for one step." });
}
function switchOf(name, text) {
	if (/^true$/iu.test(text)) return true;
	if (/^false$/iu.test(text)) return false;
	throw new DetentError("USAGE", `${name} is neither true nor false.`, { hint: `Correct ${name}.` });
}
// src/log.ts
function openLog(secrets, out = process.stdout) {
	const token = randomBytes(16).toString("hex");
	const write = guard(out, secrets);
	guard(process.stderr, secrets);
	const command = (line) => write(`::${token}::\n${line}\n::stop-commands::${token}\n`);
	for (const secret of secrets.all) write(`::add-mask::${data(secret)}\n`);
	write(`::stop-commands::${token}\n`);
	return {
		write: (text) => void out.write(text),
		hide: (secret) => {
			secrets.add(secret);
			command(`::add-mask::${data(secret)}`);
		},
		annotate: (level, message, title, spot) => {
			const properties = [...spot === void 0 ? [] : placeOf$3(spot), `title=${property(secrets.mask(title))}`].join(",");
			command(`::${level} ${properties}::${data(secrets.mask(message))}`);
		}
	};
}
/** Migrations print what they like; from here on it is masked. Gives the way to print as it is. */
function guard(stream, secrets) {
	const write = stream.write.bind(stream);
	stream.write = (chunk, ...rest) => {
		const text = typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8");
		const done = rest.findLast((value) => typeof value === "function");
		return write(secrets.mask(text), done);
	};
	return (text) => void write(text);
}
function placeOf$3({ file, line, column }) {
	return [
		`file=${property(file)}`,
		...line === void 0 ? [] : [`line=${line}`],
		...column === void 0 ? [] : [`col=${column}`]
	];
}
function data(text) {
	return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}
function property(text) {
	return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
// src/report.ts
/** The outputs of the step, by name. */
function outputsOf(report) {
	return {
		status: report.status,
		"exit-code": String(report.exitCode),
		"applied-count": String(report.applied),
		"pending-count": String(report.pending),
		"reverted-count": String(report.reverted),
		"current-version": report.currentVersion ?? "",
		"target-version": report.targetVersion ?? "",
		json: JSON.stringify(documentOf(report))
	};
}
function documentOf(report) {
	return {
		...report,
		errors: report.errors.map(describeError$1)
	};
}
var EMPTY;
var init_report = __esmMin(() => {
	init_src$3();
	EMPTY = {
		command: null,
		status: "ok",
		exitCode: 0,
		target: null,
		applied: 0,
		pending: 0,
		reverted: 0,
		currentVersion: null,
		targetVersion: null,
		rows: [],
		notes: [],
		errors: [],
		warnings: []
	};
});
// ../../core/src/render/text.ts
/** Columns that a text takes in a terminal. It has no colours yet. */
function widthOf(text) {
	let width = 0;
	for (const character of text) width += ZERO.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
	return width;
}
function padEnd(text, width) {
	return text + " ".repeat(Math.max(0, width - widthOf(text)));
}
function padStart(text, width) {
	return " ".repeat(Math.max(0, width - widthOf(text))) + text;
}
/** At most `width` columns, with the mark for "more" where something was cut. */
function cut(text, width, more) {
	if (widthOf(text) <= width) return text;
	let kept = "";
	let used = widthOf(more);
	for (const character of text) {
		used += widthOf(character);
		if (used > width) break;
		kept += character;
	}
	return kept + more;
}
/** Breaks between words; a word that is too long stays whole, so that it can be copied. */
function wrap$1(text, width) {
	const lines = [];
	for (const paragraph of text.split("\n")) {
		let line = "";
		for (const word of paragraph.split(" ")) if (line !== "" && widthOf(line) + 1 + widthOf(word) > width) {
			lines.push(line);
			line = word;
		} else line = line === "" ? word : `${line} ${word}`;
		lines.push(line);
	}
	return lines;
}
/** Errors of drivers and of scripts may quote a URL; its password is taken out wherever it stands. */
function withoutPasswords(text) {
	return text.replace(/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@"]*):[^\s"]+@/gi, "$1:***@");
}
/** Text from a server or a file, which may neither steer the terminal nor show a password. Tabs become spaces. */
function harmless(text) {
	return withoutPasswords(text).replaceAll("	", "  ").replace(/\r\n?/g, "\n").replace(/\p{Cc}/gu, (character) => character === "\n" ? character : "�");
}
function milliseconds$1(ms) {
	if (ms < 1e3) return `${Math.round(ms)} ms`;
	if (ms < 6e4) return `${(ms / 1e3).toFixed(1)} s`;
	const seconds = Math.round(ms / 1e3);
	if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
	return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds % 3600 / 60)} min`;
}
function bytes$1(count) {
	const units = [
		"B",
		"KiB",
		"MiB",
		"GiB",
		"TiB"
	];
	const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(count, 1)) / 10));
	const value = count / 1024 ** power;
	return `${power === 0 ? value : value.toFixed(1)} ${units[power] ?? ""}`;
}
/** `1 migration`, `1,024 migrations`. */
function counted(count, noun, plural = `${noun}s`) {
	return `${grouped(count)} ${count === 1 ? noun : plural}`;
}
function grouped(count) {
	return count.toString().replace(/\B(?=(\d{3})+$)/g, ",");
}
/** In the local time zone: `2023-11-02 00:36:07`. */
function moment(at) {
	const date = new Date(at);
	const two = (value) => String(value).padStart(2, "0");
	return `${`${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
/** `label  text`, the text wrapped and hanging under itself. */
function labelled(screen, label, text, labelWidth, tone = "faint") {
	const indent = "  ";
	const lines = wrap$1(text, Math.max(20, screen.columns - 2 - labelWidth - 2));
	return `${indent}${screen.paint(tone, padEnd(label, labelWidth))}  ${lines[0] ?? ""}\n` + lines.slice(1).map((line) => `${indent}${" ".repeat(labelWidth)}  ${line}\n`).join("");
}
var WIDE, ZERO;
var init_text = __esmMin(() => {
	WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
	ZERO = /\p{Mn}|\u200d|\ufe0f/u;
});
// ../../core/src/render/code-frame.ts
/** The lines around the place, numbered as in the file, with a caret under the place. */
function codeFrame(screen, { text, line, position }) {
	const { marks, paint } = screen;
	const lines = text.split("\n");
	const before = position === null ? [""] : text.slice(0, position).split("\n");
	const failing = before.length - 1;
	const firstLine = line - failing;
	const from = Math.max(0, failing - LINES_BEFORE);
	const to = Math.min(lines.length, failing + LINES_AFTER + 1);
	const numbers = String(firstLine + to - 1).length;
	const room = screen.columns - numbers - 7;
	const drawn = [];
	for (const [offset, raw] of lines.slice(from, to).entries()) {
		const index = from + offset;
		const isFailing = index === failing && position !== null;
		const number = padStart(String(firstLine + index), numbers);
		const { text: shown, shift } = windowOf(harmless(raw), isFailing ? widthOf(harmless(before.at(-1) ?? "")) : 0, room, marks.more);
		drawn.push(`    ${paint(isFailing ? "bad" : "faint", number)} ${paint("faint", marks.bar)} ${isFailing ? shown : paint("faint", shown)}`);
		if (isFailing) drawn.push(`    ${" ".repeat(numbers)} ${paint("faint", marks.bar)} ${" ".repeat(shift)}${paint("bad", marks.caret)}`);
	}
	return `${drawn.join("\n")}\n`;
}
/** A line that is too long is shown around its place. */
function windowOf(line, at, room, more) {
	if (widthOf(line) <= room || at < room - 10) return {
		text: cut(line, room, more),
		shift: at
	};
	const start = Math.max(0, at - Math.floor(room / 2));
	return {
		text: cut(`${more}${line.slice(start)}`, room, more),
		shift: at - start + more.length
	};
}
var LINES_BEFORE, LINES_AFTER;
var init_code_frame = __esmMin(() => {
	init_text();
	LINES_BEFORE = 3;
	LINES_AFTER = 2;
});
// ../../core/src/render/state.ts
/** The highest version that stands after the run, as far as the run knows; `null` when nothing is applied. */
function versionAfter({ migrated, executed }) {
	const standing = new Map(migrated.map(({ id, version }) => [id, version]));
	for (const { id, version, direction } of executed) if (direction === "up") standing.set(id, version);
	else standing.delete(id);
	let highest = null;
	for (const version of standing.values()) if (version !== null && (highest === null || compareVersions(version, highest) > 0)) highest = version;
	return highest;
}
function atVersion(version) {
	return version === null ? "before the first migration" : `at version ${version}`;
}
/** Where the database stands after a run that did not succeed, and what that means, in plain words. */
function stateAfterFailure(result) {
	const code = exitCodeOf(result);
	const first = result.errors[0]?.code;
	const where = atVersion(versionAfter(result));
	if (result.rollback === "blocked") return "The database is as the failure left it, between two versions. The backup was not restored, because that would lose rows.";
	if (first === "LOCK_LOST" || first === "CONNECTION") return result.rollback === "incomplete" ? "The run was cut off. What had been committed stands; the next run finds out where it stopped and goes on from there." : "Nothing of this run stands.";
	if (result.rollback === "incomplete") return "The database stands between two versions. `detent status` shows where.";
	if (result.rollback === "complete") return `The database is as it was before this run: ${where}.`;
	if (code === ERROR_CODES.STATE || code === ERROR_CODES.LOCK_HELD) return "Nothing ran. The database is as it was.";
	if (first === "UNKNOWN_STATE") return "Nothing else was run. Settle this first.";
	const { executed } = result;
	if (executed.length === 0) return `The database is as it was before this run: ${where}.`;
	return `The database is ${where}: ${counted(executed.length, "step")} of this run succeeded before the failure and ${executed.length === 1 ? "stays" : "stay"}.`;
}
/** What the exit code says to whoever started the process. `somethingStands`: what ran before the failure stays. */
function exitMeaning(code, somethingStands) {
	switch (code) {
		case 0: return "done";
		case 1: return somethingStands ? "failed, and the database stands on a version" : "failed, and the database is back where it was";
		case 2: return "differences found";
		case 3: return "somebody else holds the lock";
		case 4: return "refused before anything ran";
		case 64: return "wrong usage or configuration";
		case 69: return "no connection";
		case 75: return "the lock was lost, and the run stopped itself";
		default: return "not completely rolled back, or not known: a person must look";
	}
}
var init_state = __esmMin(() => {
	init_errors$2();
	init_result();
	init_version();
	init_text();
});
// ../../core/src/render/failure.ts
/** One error: where, what, and what to do about it. */
function describeError(screen, error, files) {
	const { marks, paint } = screen;
	const { place } = error.facts;
	const [head = "", ...more] = wrap$1(harmless(error.message), screen.columns - 4);
	const parts = [`${paint("bad", marks.failed)} ${paint("strong", head)}\n${more.map((line) => `  ${paint("strong", line)}\n`).join("")}`];
	const frame = frameOf(screen, error, files);
	if (place !== void 0 && (frame !== null || place.line !== void 0 || !error.message.includes(place.file))) parts.push(`  ${paint("accent", placeText(place, files.showFile))}\n`);
	if (frame !== null) parts.push(frame);
	const isSpaced = parts.length > 1;
	if (error.hint !== void 0) parts.push(labelled(screen, "Hint", harmless(error.hint), 4, "warn"));
	return parts.join(isSpaced ? "\n" : "");
}
/** The lines around the place of an error: from the statement where there is one, else from the file. */
function frameOf(screen, { facts }, { readFile }) {
	const { place, statement, position } = facts;
	if (place?.line === void 0) return null;
	if (statement !== void 0 && statement !== "") return codeFrame(screen, {
		text: statement,
		line: place.line,
		position: position ?? null
	});
	const text = readFile(place.file);
	if (text === null || place.column === void 0) return null;
	return codeFrame(screen, {
		text,
		line: place.line,
		position: offsetOf(text, place.line, place.column)
	});
}
function offsetOf(text, line, column) {
	let at = 0;
	for (let passed = 1; passed < line; passed += 1) at = text.indexOf("\n", at) + 1;
	return at + column - 1;
}
function placeText({ file, line, column }, showFile) {
	return [
		showFile(file),
		line,
		column
	].filter((part) => part !== void 0).join(":");
}
/** A run that did not succeed: every error, what was rolled back and how, and where the database stands. */
function describeFailure(screen, result, restored, files) {
	const { errors } = result;
	const [first = "", ...later] = errors.map((error) => describeError(screen, error, files));
	const parts = later.length === 0 || result.failed === void 0 ? [first, ...later] : [first, `${screen.paint("strong", "And on the way back:")}\n${later.join("\n")}`];
	const back = rolledBack(result, restored);
	const code = exitCodeOf(result);
	const facts = [
		...back.length === 0 ? [] : [["Rolled back", back.join("\n")]],
		...result.backup?.kept === true ? [["Backup", result.backup.path]] : [],
		["Database", stateAfterFailure(result)],
		["Exit code", `${code} ${errors[0]?.code ?? "INTERNAL"}: ${exitMeaning(code, result.executed.length > 0)}`]
	];
	return `${parts.join("\n")}\n${facts.map(([label, text]) => labelled(screen, label, text, LABEL)).join("")}`;
}
function rolledBack({ failed, rolledBack: undone, errors }, restored) {
	const way = restored ? "by restoring the backup" : errors[0]?.code === "TRANSACTION_ENDED" ? "by its way back" : "by its `down`";
	const lines = [];
	if (failed?.undone === true) lines.push(`${failed.file}, by its own transaction`);
	const others = undone.filter(({ id }) => !(failed?.undone === true && failed.id === id));
	for (const step of others) lines.push(`${step.file}, ${opposite(step, way, restored)}`);
	return lines;
}
function opposite(step, way, restored) {
	return !restored && step.direction === "down" ? "by its `up`" : way;
}
var LABEL;
var init_failure$1 = __esmMin(() => {
	init_result();
	init_code_frame();
	init_state();
	init_text();
	LABEL = 11;
});
// ../../core/src/render/screen.ts
/** Colours by NO_COLOR, FORCE_COLOR and the terminal; marks by TERM and the locale. */
function screenOf(stream, env = process.env) {
	const isDumb = env["TERM"] === "dumb";
	const isTerminal = stream.isTTY;
	const paintable = !isDumb && styleText("red", "x", { stream }) !== "x";
	return {
		isLive: isTerminal && !isDumb,
		get columns() {
			return isTerminal ? Math.min(stream.columns || 80, MOST_COLUMNS) : PIPED_COLUMNS;
		},
		marks: isDumb || !speaksUnicode(env) ? ASCII : UNICODE,
		write: (text) => void stream.write(text),
		paint: (tone, text) => paintable ? styleText(TONES[tone], text, { validateStream: false }) : text
	};
}
function speaksUnicode(env) {
	if (process.platform === "win32") return env["WT_SESSION"] !== void 0 || env["TERM_PROGRAM"] === "vscode";
	const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"];
	return locale === void 0 || locale === "" || /utf-?8/i.test(locale);
}
var UNICODE, ASCII, TONES, PIPED_COLUMNS, MOST_COLUMNS;
var init_screen = __esmMin(() => {
	UNICODE = {
		done: "✓",
		failed: "✗",
		undone: "↺",
		down: "↓",
		pending: "○",
		running: "▸",
		warning: "!",
		bullet: "•",
		bar: "│",
		caret: "^",
		rule: "─",
		dot: "·",
		more: "…"
	};
	ASCII = {
		done: "+",
		failed: "x",
		undone: "<",
		down: "-",
		pending: "o",
		running: ">",
		warning: "!",
		bullet: "*",
		bar: "|",
		caret: "^",
		rule: "-",
		dot: "-",
		more: "..."
	};
	TONES = {
		good: "green",
		bad: "red",
		warn: "yellow",
		faint: "gray",
		strong: "bold",
		accent: "cyan"
	};
	PIPED_COLUMNS = 120;
	MOST_COLUMNS = 110;
});
// ../../core/src/render/live-line.ts
function liveLine(screen) {
	let describe = null;
	let timer = null;
	let drawnAt = 0;
	let isDrawn = false;
	const draw = () => {
		if (describe === null) return;
		drawnAt = Date.now();
		isDrawn = true;
		const text = cut(describe(), screen.columns - 1, screen.marks.more);
		screen.write(`\r\u001b[2K${screen.paint("accent", text)}`);
	};
	return {
		show(next) {
			if (!screen.isLive) return;
			const isNew = describe === null;
			describe = next;
			timer ??= setInterval(draw, REDRAW_MS).unref();
			if (isNew || Date.now() - drawnAt >= REDRAW_MS) draw();
		},
		clear() {
			if (timer !== null) clearInterval(timer);
			timer = null;
			describe = null;
			if (isDrawn) screen.write("\r\x1B[2K");
			isDrawn = false;
		}
	};
}
var REDRAW_MS;
var init_live_line = __esmMin(() => {
	init_text();
	REDRAW_MS = 100;
});
// ../../core/src/render/progress.ts
function progressOf(screen) {
	const { marks, paint } = screen;
	const live = liveLine(screen);
	const say = (text) => {
		live.clear();
		screen.write(`${text}\n`);
	};
	let widths = {
		version: 0,
		name: 0
	};
	let running = null;
	let isGoingBack = false;
	let loggedAt = Date.now();
	const line = (mark, tone, step, ms, details) => {
		const { version, name } = cells(step, widths, marks.more);
		say(`  ${paint(tone, mark)} ${paint("faint", version)}  ${name}  ${padStart(milliseconds$1(ms), 8)}${details === "" ? "" : `  ${paint("faint", details)}`}`);
	};
	const now = () => {
		if (running === null) return "";
		const { version, name } = cells(running.step, widths, marks.more);
		return `  ${marks.running} ${version}  ${name}  ${padStart(milliseconds$1(Date.now() - running.startedAt), 8)}  ${describeRunning(running, marks.dot)}`;
	};
	const goOn = () => {
		live.show(now);
		if (screen.isLive || Date.now() - loggedAt < LOG_EVERY_MS) return;
		loggedAt = Date.now();
		screen.write(`${now()}\n`);
	};
	const hear = (event) => {
		switch (event.kind) {
			case "run-started":
				loggedAt = Date.now();
				return;
			case "lock-waiting": {
				const { holder, waitedMs } = event;
				const words = () => `  ${marks.running} waiting for the lock of ${holder.username} on ${holder.host} (process ${holder.pid}), ${milliseconds$1(waitedMs)}`;
				live.show(words);
				if (screen.isLive || waitedMs > 1e3 && Date.now() - loggedAt < LOG_EVERY_MS) return;
				loggedAt = Date.now();
				if (waitedMs > 0) screen.write(`${words()}\n`);
				return;
			}
			case "lock-acquired":
				live.clear();
				return;
			case "recovered":
				say(`  ${paint("warn", marks.warning)} ${paint("faint", event.id)}  left ${event.from} by an earlier run, now ${event.to}: ${event.why}`);
				return;
			case "planned":
				widths = widthsOf(event.plan, screen.columns);
				say(paint("strong", headline(event.plan)));
				return;
			case "backup-started":
				live.show(() => `  ${marks.running} backing up`);
				return;
			case "backup-finished":
				say(`  ${paint("good", marks.done)} ${paint("faint", padEnd("backup", widths.version))}  ${padEnd("made and verified", widths.name)}  ${padStart(milliseconds$1(event.durationMs), 8)}  ${paint("faint", bytes$1(event.manifest.bytes))}`);
				return;
			case "hook-started":
				live.show(() => `  ${marks.running} ${event.hook}`);
				return;
			case "step-started":
				running = {
					step: event.step,
					startedAt: Date.now(),
					total: event.statements,
					done: event.done,
					rows: null,
					phase: null,
					batch: null
				};
				goOn();
				return;
			case "statement-finished":
				if (running === null) return;
				running.done = event.done;
				running.phase = null;
				if (event.rows !== null) running.rows = (running.rows ?? 0) + event.rows;
				goOn();
				return;
			case "statement-advanced":
				if (running === null) return;
				running.phase = event;
				goOn();
				return;
			case "batch-finished":
				if (running === null) return;
				running.batch = event;
				goOn();
				return;
			case "step-finished": {
				const { step, durationMs, result } = event;
				const [mark, tone] = isGoingBack ? [marks.undone, "warn"] : step.direction === "down" ? [marks.down, "good"] : [marks.done, "good"];
				line(mark, tone, step, durationMs, describeFinished(running, result));
				running = null;
				return;
			}
			case "step-failed":
				line(marks.failed, "bad", event.step, running === null ? 0 : Date.now() - running.startedAt, describeFailed(running));
				running = null;
				return;
			case "rollback-started":
				isGoingBack = true;
				if (event.strategy !== "none") say(paint("strong", `Rolling back by ${event.strategy}`));
				return;
			case "restore-started":
				live.show(() => `  ${marks.running} restoring the backup`);
				return;
			case "restore-finished":
				say(`  ${paint("warn", marks.undone)} ${paint("faint", padEnd("backup", widths.version))}  ${padEnd("restored", widths.name)}  ${padStart(milliseconds$1(event.durationMs), 8)}`);
				return;
			case "rollback-finished":
			case "run-finished":
				live.clear();
				return;
			case "warning": return;
		}
	};
	return {
		hear,
		interrupt(write) {
			live.clear();
			write();
			if (running !== null) live.show(now);
		}
	};
}
function headline({ operation, steps }) {
	const count = counted(steps.length, "migration");
	if (operation === "down") return `Undoing ${count}`;
	return operation === "redo" ? `Undoing ${steps[0]?.info.file ?? ""} and applying it again` : `Applying ${count}`;
}
function widthsOf({ steps }, columns) {
	const version = steps.reduce((most, { info }) => Math.max(most, (info.version ?? "R").length), 6);
	const name = steps.reduce((most, { info }) => Math.max(most, info.name.length), 12);
	return {
		version,
		name: Math.max(12, Math.min(name, columns - version - 44))
	};
}
function cells(step, widths, more) {
	return {
		version: padEnd(step.version ?? "R", widths.version),
		name: padEnd(cut(step.name, widths.name, more), widths.name)
	};
}
function describeRunning({ done, total, rows, phase, batch }, dot) {
	const parts = [];
	if (total !== null && total > 0) parts.push(`${done}/${counted(total, "statement")}`);
	if (rows !== null && rows > 0) parts.push(counted(rows, "row"));
	if (phase !== null) parts.push(phase.percent === null ? phase.phase : `${phase.percent} % ${phase.phase}`);
	if (batch !== null) {
		const percent = batch.total === 0 ? 100 : Math.min(100, Math.floor(100 * batch.done / batch.total));
		parts.push(`${percent} %`);
		if (batch.etaMs !== null) parts.push(`${milliseconds$1(batch.etaMs)} left`);
		parts.push(`${grouped(batch.total)} ${batch.table}`);
	}
	return parts.join(` ${dot} `);
}
function describeFailed(running) {
	if (running === null || running.total === null) return "failed";
	return running.done < running.total ? `failed at statement ${running.done + 1} of ${running.total}` : "failed after its last statement";
}
function describeFinished(running, result) {
	const parts = [];
	if (running !== null && running.total !== null) parts.push(counted(running.total, "statement"));
	if (running !== null && running.rows !== null && running.rows > 0) parts.push(counted(running.rows, "row"));
	if (running !== null && running.batch !== null) parts.push(`${counted(running.batch.done, "row")} of ${running.batch.table}`);
	if (result !== null) parts.push(result.split("\n")[0] ?? "");
	return parts.join(", ");
}
var LOG_EVERY_MS;
var init_progress = __esmMin(() => {
	init_live_line();
	init_text();
	LOG_EVERY_MS = 1e4;
});
// ../../core/src/render/tables.ts
function statusTable(screen, { target, migrations, version, counts, holder }) {
	const { marks, paint } = screen;
	const rows = migrations.map((migration) => statusRow(screen, migration, versionWidth(migrations)));
	const others = counts.other === 0 ? "" : `, ${paint("warn", `${counts.other} to look at`)}`;
	const tally = `${counts.applied} applied, ${counts.pending === 0 ? "none pending" : paint("accent", `${counts.pending} pending`)}${others}`;
	const lock = holder === null ? "" : `${paint("warn", marks.warning)} ${holder.username} on ${holder.host} (process ${holder.pid}) holds the lock since ${moment(holder.since)}\n`;
	return `${paint("strong", target)} is ${atVersion(version)}: ${tally}\n${rows.length === 0 ? "" : `\n${rows.join("")}`}${lock === "" ? "" : `\n${lock}`}`;
}
function statusRow(screen, migration, width) {
	const { version, name, status, appliedAt } = migration;
	const { marks, paint, columns } = screen;
	const [mark, tone] = look$2(screen, status);
	const when = appliedAt === null ? "" : moment(appliedAt);
	const room = Math.max(12, columns - width - 40);
	const nameCell = padEnd(cut(name, room, marks.more), Math.min(room, 36));
	return `  ${paint(tone, mark)} ${paint("faint", padEnd(version ?? "R", width))}  ${nameCell}  ${paint(tone, padEnd(status, 9))}  ${paint("faint", when)}`.trimEnd() + "\n" + stoppedLines(migration).map((line) => `    ${" ".repeat(width)}  ${paint("faint", cut(harmless(line), columns - width - 8, marks.more))}\n`).join("");
}
/** Where it stopped, why, and what settles it where a person has to. */
function stoppedLines({ id, version, status, stopped }) {
	if (stopped === null) return [];
	const { done, total, error } = stopped;
	const verb = status === "rolling_back" ? "are undone" : "stand";
	const which = version ?? id;
	return [
		...total === null ? [] : [`${done} of ${counted(total, "statement")} ${verb}`],
		...error === null ? [] : [error.replaceAll(/\s+/g, " ")],
		...status === "unknown" ? [`detent resolve ${which} --as applied, or --as rolled_back`] : []
	];
}
function look$2({ marks }, status) {
	switch (status) {
		case "applied":
		case "baseline": return [marks.done, "good"];
		case "pending": return [marks.pending, "accent"];
		case "ignored":
		case "rolled_back": return [marks.bullet, "faint"];
		case "missing":
		case "edited":
		case "running":
		case "rolling_back":
		case "restoring": return [marks.warning, "warn"];
		case "failed":
		case "unknown": return [marks.failed, "bad"];
	}
}
function migratedTable(screen, entries) {
	const width = versionWidth(entries);
	return entries.map(({ version, name, finishedAt }) => `  ${screen.paint("faint", `${screen.marks.done} ${padEnd(version ?? "R", width)}  ${name}  ${finishedAt === null ? "" : moment(finishedAt)}`)}\n`).join("");
}
function ignoredTable(screen, files) {
	const width = versionWidth(files);
	return files.map(({ version, name }) => `  ${screen.paint("faint", `${screen.marks.bullet} ${padEnd(version ?? "R", width)}  ${name}  passed over`)}\n`).join("");
}
function planTable(screen, { plan, loaded }, everything) {
	const { marks, paint } = screen;
	const { steps } = plan;
	if (steps.length === 0) return "";
	const width = versionWidth(steps.map(({ info }) => info));
	let text = `${paint("strong", `${counted(steps.length, "migration")} would run`)}; nothing was executed.\n`;
	for (const { info, reason } of steps) {
		const mark = info.direction === "up" ? marks.pending : marks.down;
		const why = reason === "pending" || reason === "requested" ? "" : `  ${paint("warn", reason)}`;
		text += `\n  ${paint("accent", mark)} ${paint("faint", padEnd(info.version ?? "R", width))}  ${paint("strong", info.name)}${why}\n`;
		const step = loaded.steps.find((item) => item.info === info);
		if (step !== void 0) text += stepDetails(screen, step, everything);
	}
	return text;
}
function stepDetails(screen, { info, loaded }, everything) {
	const { marks, paint, columns } = screen;
	const action = loaded[info.direction];
	const indent = `    ${paint("faint", marks.bar)} `;
	if (action === null) return "";
	if (action.kind === "code") return `${indent}${paint("faint", `code: \`${info.direction}\` of ${info.file}`)}\n`;
	if (action.kind === "stages") return action.stages.map(({ name, kind }) => `${indent}${paint("faint", `${kind}: ${harmless(name)}`)}\n`).join("");
	const some = everything ? action.statements : action.statements.slice(0, MOST_STATEMENTS);
	let text = "";
	for (const statement of some) {
		const lines = harmless(statement.text).split("\n");
		const kept = everything ? lines : lines.slice(0, MOST_LINES);
		const tone = statement.destroys === null ? "faint" : "warn";
		kept.forEach((line, index) => {
			const end = !(index === kept.length - 1) ? "" : kept.length < lines.length ? ` ${marks.more}` : ";";
			const shown = cut(line, columns - 8, marks.more);
			text += `${indent}${paint(tone, shown.endsWith(marks.more) ? shown : shown + end)}\n`;
		});
	}
	const rest = action.statements.length - some.length;
	return rest === 0 ? text : `${text}${indent}${paint("faint", `and ${counted(rest, "more statement")}; --verbose shows all`)}\n`;
}
function historyTable(screen, events) {
	const { paint, columns, marks } = screen;
	const actors = new Set(events.map(({ actor }) => actor));
	const widthOfActor = actors.size === 1 ? 0 : Math.max(...[...actors].map((actor) => actor.length)) + 2;
	const widthOfAction = events.reduce((most, { action }) => Math.max(most, action.length), 0);
	const widthOfId = Math.min(MOST_ID, events.reduce((most, { id }) => Math.max(most, id?.length ?? 0), 0));
	const room = columns - 19 - widthOfAction - widthOfId - widthOfActor - 8;
	const rows = events.map(({ at, action, id, actor, detail }) => {
		return `  ${[
			paint("faint", moment(at)),
			paint(actionTone(action), padEnd(action, widthOfAction)),
			padEnd(cut(id ?? "", widthOfId, marks.more), widthOfId),
			...widthOfActor === 0 ? [] : [padEnd(actor, widthOfActor - 2)],
			paint("faint", detail === null ? "" : cut(plainDetail(detail), room, marks.more))
		].join("  ").trimEnd()}\n`;
	});
	return `${paint("strong", counted(events.length, "line"))}${actors.size === 1 ? `, all by ${[...actors].join("")}` : ""}\n\n${rows.join("")}`;
}
/** Details that are written for programs are shown as words. */
function plainDetail(detail) {
	if (detail.startsWith("/")) return detail.slice(detail.lastIndexOf("/") + 1);
	if (!detail.startsWith("{")) return harmless(detail).split("\n")[0] ?? "";
	let parsed;
	try {
		parsed = JSON.parse(detail);
	} catch {
		return harmless(detail);
	}
	return harmless(Object.entries(parsed).filter(([, value]) => value !== null && value !== true).map(([key, value]) => `${key} ${shortened(String(value))}`).join(", "));
}
/** Hashes by their beginning, paths by their end. */
function shortened(value) {
	return value.replace(/^sha256:(.{12}).*$/, "$1").replace(/^\/.*\//, "");
}
function actionTone(action) {
	if (/fail/.test(action)) return "bad";
	if (/applied|finished|baselined/.test(action)) return "good";
	return /undo|undone|roll|restor/.test(action) ? "warn" : "accent";
}
function versionWidth(items) {
	return items.reduce((most, { version }) => Math.max(most, version?.length ?? 1), 1);
}
var MOST_STATEMENTS, MOST_LINES, MOST_ID;
var init_tables = __esmMin(() => {
	init_state();
	init_text();
	MOST_STATEMENTS = 5;
	MOST_LINES = 4;
	MOST_ID = 16;
});
// ../../core/src/render/terminal.ts
var TerminalRenderer;
var init_terminal = __esmMin(() => {
	init_failure$1();
	init_progress();
	init_state();
	init_tables();
	init_text();
	TerminalRenderer = class {
		#out;
		#err;
		#files;
		#quiet;
		#verbose;
		#progress;
		#target = "The database";
		#isRestored = false;
		#hasRun = false;
		constructor({ out, err, showFile = (file) => file, readFile = () => null, quiet = false, verbose = false }) {
			this.#out = out;
			this.#err = err;
			this.#files = {
				showFile,
				readFile
			};
			this.#quiet = quiet;
			this.#verbose = verbose;
			this.#progress = quiet ? null : progressOf(out);
		}
		hear(event) {
			if (event.kind === "run-started") this.#target = event.target;
			if (event.kind === "restore-finished") this.#isRestored = true;
			if (event.kind === "planned") {
				this.#hasRun = true;
				if (this.#verbose) this.drawMigrated(event.plan.migrated);
				if (!this.#quiet) this.drawIgnored(event.plan.ignored);
			}
			this.#progress?.hear(event);
		}
		drawLog(message) {
			const write = () => this.#err.write(`${harmless(message)}\n`);
			if (this.#progress === null) write();
			else this.#progress.interrupt(write);
		}
		drawMigrated(entries) {
			this.#out.write(migratedTable(this.#out, entries));
		}
		drawIgnored(files) {
			this.#out.write(ignoredTable(this.#out, files));
		}
		drawExecuted(result) {
			this.#warnings(result.warnings);
			if (!result.success) {
				const gap = this.#hasRun && !this.#quiet ? "\n" : "";
				this.#err.write(gap + describeFailure(this.#err, result, this.#isRestored, this.#files));
				return;
			}
			if (this.#quiet) return;
			const { paint, marks } = this.#out;
			this.#out.write(`${this.#hasRun ? "\n" : ""}${paint("good", marks.done)} ${this.#summary(result)}\n`);
			if (result.backup?.kept === true) this.#out.write(`  ${paint("faint", "Backup")}  ${result.backup.path}\n`);
		}
		drawChanges({ success, errors, changes, warnings }) {
			this.#warnings(warnings);
			if (!success) this.#problems(errors);
			if (this.#quiet || !success) return;
			const { paint, marks } = this.#out;
			for (const { what, detail } of changes) this.#out.write(`${paint("good", marks.done)} ${what}: ${harmless(detail)}\n`);
			if (changes.length === 0) this.#out.write(`${paint("good", marks.done)} There was nothing to change.\n`);
		}
		drawStatus(status) {
			this.#out.write(statusTable(this.#out, status));
			this.#gap(status);
			this.#warnings(status.warnings);
			this.#problems(status.problems);
		}
		drawPlan(report) {
			const text = planTable(this.#out, report, this.#verbose);
			const { paint, marks } = this.#out;
			if (text !== "") this.#out.write(text);
			else if (report.problems.length === 0) this.#out.write(`${paint("good", marks.done)} Nothing would run: nothing is pending.\n`);
			if (text !== "") this.#gap(report);
			this.#warnings(report.warnings);
			this.#problems(report.problems);
		}
		drawProblems(problems) {
			this.#problems(problems);
			const { paint, marks } = this.#out;
			if (problems.length === 0 && !this.#quiet) this.#out.write(`${paint("good", marks.done)} Nothing speaks against a run.\n`);
		}
		drawVerification({ problems, warnings, recorded }) {
			this.#warnings(warnings);
			this.#problems(problems);
			if (problems.length > 0 || this.#quiet) return;
			const { paint, marks } = this.#out;
			const schema = recorded === null ? "No run has recorded the schema yet" : "The schema is what the last run left";
			this.#out.write(`${paint("good", marks.done)} Files, history and ledger agree. ${schema}.\n`);
		}
		drawHistory(events) {
			this.#out.write(events.length === 0 ? "Nothing has happened yet.\n" : historyTable(this.#out, events));
		}
		drawError(error) {
			this.#problems([error]);
		}
		#summary(result) {
			const { executed, migrated, operation, durationMs, skipped } = result;
			if (skipped !== void 0) return `Skipped: the lock is held by ${skipped.username} on ${skipped.host} (process ${skipped.pid}).`;
			const where = `${this.#target} is ${atVersion(versionAfter(result))}`;
			if (executed.length === 0) return migrated.length === 0 ? `Nothing to do: ${where}.` : `Nothing to do: ${where}, ${counted(migrated.length, "migration")} applied.`;
			const time = milliseconds$1(durationMs);
			if (operation === "redo") return `Applied ${executed.at(-1)?.file ?? ""} again in ${time}; ${where}.`;
			return `${operation === "down" ? "Undid" : "Applied"} ${counted(executed.length, "migration")} in ${time}; ${where}.`;
		}
		#gap({ warnings, problems }) {
			if (warnings.length + problems.length > 0) this.#err.write("\n");
		}
		#warnings(warnings) {
			const { paint, marks, columns } = this.#err;
			for (const warning of new Set(warnings)) {
				const [head = "", ...more] = wrap$1(harmless(warning), columns - 4);
				this.#err.write(`${paint("warn", marks.warning)} ${head}\n${more.map((line) => `  ${line}\n`).join("")}`);
			}
		}
		#problems(problems) {
			this.#err.write(problems.map((problem) => describeError(this.#err, problem, this.#files)).join("\n"));
		}
	};
});
// ../../core/src/render/index.ts
var init_render = __esmMin(() => {
	init_failure$1();
	init_errors$2();
	init_result();
	init_state();
	init_text();
	init_screen();
	init_terminal();
});
// src/secrets.ts
init_report();
init_render();
const MASK = "***";
/** Shorter ones are words that stand everywhere. */
const SHORTEST = 4;
const SECRET_NAME = /password|passwd|_pwd$|secret|token|api_?key|private_?key|credential|(?:^|_)(?:url|dsn)$/iu;
/** Takes what must not be seen out of everything that leaves this process. */
var Secrets = class {
	#known = /* @__PURE__ */ new Set();
	/** Keeps what is secret of a URL, and other text as a whole. */
	add(text) {
		if (text === null || text === void 0) return;
		for (const part of partsOf$1(text).flatMap(withLines)) for (const form of [
			part,
			decoded(part),
			encodeURIComponent(part),
			JSON.stringify(part).slice(1, -1)
		]) if (form.length >= SHORTEST) this.#known.add(form);
	}
	/** Keeps the values of variables whose names say that they are secret. */
	addFrom(env) {
		for (const [name, value] of Object.entries(env)) if (SECRET_NAME.test(name)) this.add(value);
	}
	/** The longest first, so that no rest of one stays. */
	get all() {
		return [...this.#known].sort((a, b) => b.length - a.length);
	}
	mask(text) {
		let masked = text;
		for (const secret of this.all) masked = masked.replaceAll(secret, MASK);
		return withoutPasswords(masked);
	}
};
/** A key of several lines may be shown line by line. */
function withLines(text) {
	const lines = text.split(/\r?\n/u).filter((line) => line.length >= 16 && !line.startsWith("-----"));
	return text.includes("\n") ? [text, ...lines] : [text];
}
/** By patterns, because what is no URL for `URL` may still hold a password. */
function partsOf$1(text) {
	const worded = [...text.matchAll(/\b(?:password|pwd)\s*=\s*([^\s;&]+)/giu)].map(([, value = ""]) => value);
	if (!/^[a-z][a-z0-9+.-]*:/iu.test(text)) return [text, ...worded];
	const passwords = [
		/^[a-z][a-z0-9+.-]*:\/\/[^/?#:]*:([^/?#]*)@/iu,
		/^[a-z][a-z0-9+.-]*:\/\/[^/?#:]*:([^@]*)@/iu,
		/^[a-z][a-z0-9+.-]*:\/\/[^/?#:]*:(.*)@/isu
	].flatMap((pattern) => pattern.exec(text)?.[1] ?? []);
	const parameters = (/\?([^#]*)/su.exec(text)?.[1] ?? "").split("&").map((pair) => pair.replace(/^[^=]*=?/u, "")).filter((value) => value.length >= 8 && !/^[a-z][a-z-]*$/u.test(value));
	const found = [
		...passwords,
		...parameters,
		...worded
	];
	return found.length === 0 ? [] : [text, ...found];
}
function decoded(text) {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}
// ../../cli/src/config/adapters.ts
/** The adapter that a URL belongs to; `null` for a scheme that nobody knows. Bare paths belong to SQLite by their ending. */
function adapterNameOf(url) {
	const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1]?.toLowerCase();
	if (scheme !== void 0) return SCHEMES[scheme] ?? null;
	return url === ":memory:" || /\.(db3?|sqlite3?)(\?|$)/i.test(url) ? "sqlite" : null;
}
/** Throws `CONFIG` for a scheme that nobody knows. Never shows the URL, which may hold a password. */
function knownAdapterName(url, from) {
	const name = adapterNameOf(url);
	if (name !== null) return name;
	const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1];
	const hint = "Write sqlite:app.db, postgres://…, mysql://… or mongodb://…, or configure an adapter.";
	if (scheme === void 0) throw new DetentError("CONFIG", `${from} is not a URL that says which database it is.`, { hint });
	throw new DetentError("CONFIG", `${from} has an unknown scheme "${scheme}:"${didYouMean(scheme, Object.keys(SCHEMES)) || "."}`, { hint });
}
/** Loads `@detent/<name>`, the project's own before the one beside this package. Throws `CONFIG` saying what to install. */
async function loadAdapter(name, url, folder) {
	const packageName = `@detent/${name}`;
	const factory = (await importFrom(folder, packageName))[name];
	if (typeof factory !== "function") throw new DetentError("CONFIG", `${packageName} has no adapter.`, { hint: `Install the version of ${packageName} that belongs to this one.` });
	return factory({ url });
}
/** Whether the project can import it by name. */
function isInstalled(packageName, folder) {
	return resolveFrom(folder, packageName) !== null;
}
async function importFrom(folder, packageName) {
	try {
		return await import(resolveFrom(folder, packageName) ?? packageName);
	} catch (cause) {
		const isMissing = (cause instanceof Error && "code" in cause ? cause.code : null) === "ERR_MODULE_NOT_FOUND" && cause instanceof Error && cause.message.includes(`'${packageName}'`);
		throw new DetentError("CONFIG", isMissing ? `${packageName} is not installed.` : `${packageName} cannot be loaded: ${String(cause)}`, {
			hint: `Run \`npm install ${packageName}\` in your project.`,
			cause
		});
	}
}
function resolveFrom(folder, packageName) {
	try {
		return pathToFileURL(createRequire(join(folder, "package.json")).resolve(packageName)).href;
	} catch {
		return null;
	}
}
var SCHEMES;
var init_adapters = __esmMin(() => {
	init_src$3();
	SCHEMES = {
		sqlite: "sqlite",
		sqlite3: "sqlite",
		file: "sqlite",
		postgres: "postgres",
		postgresql: "postgres",
		mysql: "mysql",
		mariadb: "mysql",
		mongodb: "mongo",
		"mongodb+srv": "mongo"
	};
});
// ../../cli/src/config/find.ts
/**
* The configuration nearest to `folder`: there or above, up to the first folder that is the root of a package or of a
* repository. `null` when there is none. Throws `CONFIG` when a folder holds two, or the named one is not there.
*/
function findConfig(folder, named) {
	if (named !== null) {
		const file = resolve(folder, named);
		if (!existsSync(file)) throw new DetentError("CONFIG", `There is no configuration ${file}.`, { hint: "Correct --config, or write one with `detent init`." });
		return file;
	}
	for (let at = folder;; at = dirname(at)) {
		const [found, second] = NAMES$2.map((name) => join(at, name)).filter((file) => existsSync(file));
		if (found !== void 0 && second !== void 0) throw new DetentError("CONFIG", `There are two configurations: ${found} and ${second}.`, { hint: "Keep one, or choose with --config." });
		if (found !== void 0) return found;
		if (dirname(at) === at || ROOT_SIGNS.some((sign) => existsSync(join(at, sign)))) return null;
	}
}
var NAMES$2, ROOT_SIGNS;
var init_find = __esmMin(() => {
	init_src$3();
	NAMES$2 = [
		"ts",
		"mts",
		"js",
		"mjs",
		"json"
	].map((extension) => `detent.config.${extension}`);
	ROOT_SIGNS = ["package.json", ".git"];
});
// ../../cli/src/config/keys.ts
function keysOf(shapes, prefix) {
	return Object.entries(shapes).flatMap(([name, shape]) => {
		const path = prefix + name;
		switch (shape.kind) {
			case "object": return keysOf(shape.keys, `${path}.`);
			case "text":
			case "boolean":
			case "number":
			case "choice":
			case "list": return [{
				path,
				variable: variableOf(path),
				shape
			}];
			case "source": return [{
				path,
				variable: variableOf(path),
				shape: { kind: "text" }
			}];
			case "functions":
			case "function":
			case "record":
			case "adapter":
			case "logger": return [];
		}
	});
}
function variableOf(path) {
	return `DETENT_${path.replace(/([A-Z])/g, "_$1").replaceAll(".", "_").toUpperCase()}`;
}
/** Reads a text as the setting's value; a list has commas. Throws `CONFIG` naming `from`, where the text was found. */
function parseValue({ shape }, text, from) {
	const value = read(shape, text);
	checkedFrom(from, () => checkShape({ [from]: value }, { [from]: shape }, ""));
	return value;
}
function read(shape, text) {
	switch (shape.kind) {
		case "number": return /^\d+$/.test(text) ? Number(text) : text;
		case "boolean": return text === "true" || text === "1" ? true : text === "false" || text === "0" ? false : text;
		case "list": return text.split(",").map((item) => item.trim());
		case "text":
		case "choice": return text;
	}
}
/** Runs a check; what it throws is told with the place where the wrong thing stands. */
function checkedFrom(file, check) {
	try {
		check();
	} catch (thrown) {
		if (!(thrown instanceof DetentError) || thrown.message.includes(file)) throw thrown;
		const { message, hint, facts, code } = thrown;
		throw new DetentError(code, message, {
			...hint === void 0 ? {} : { hint },
			facts: {
				...facts,
				place: { file }
			},
			cause: thrown
		});
	}
}
var KEYS$2, OTHER_VARIABLES;
var init_keys = __esmMin(() => {
	init_src$3();
	KEYS$2 = keysOf(OPTION_SHAPES, "").filter(({ path }) => path !== "cwd");
	OTHER_VARIABLES = [
		"DETENT_URL",
		"DATABASE_URL",
		"DETENT_ENV",
		"DETENT_CONFIG"
	];
});
// ../../cli/src/config/load.ts
/** Reads and checks a configuration. Throws `CONFIG` naming the key, the file and the nearest right one. */
async function loadConfig(file, environment) {
	const config = file.endsWith(".json") ? await readJson(file) : await importModule(file);
	if (!isObject$1(config)) throw wrong(file, `${file} gives no configuration.`, file.endsWith(".json") ? "Write an object: { \"url\": \"…\" }." : "Write `export default defineConfig({ … })`.");
	const { environments = {}, ...base } = config;
	checkedFrom(file, () => checkShape(base, {
		...SHAPES,
		environments: { kind: "record" }
	}, ""));
	if (!isObject$1(environments)) throw wrong(file, "environments must be an object of configurations by name.");
	for (const [name, part] of Object.entries(environments)) checkedFrom(file, () => checkShape(part, SHAPES, `environments.${name}`));
	return {
		base,
		environment: environment === null ? {} : chosen(environments, environment, file)
	};
}
function chosen(environments, name, file) {
	const part = Object.hasOwn(environments, name) ? environments[name] : void 0;
	if (isObject$1(part)) return part;
	const known = Object.keys(environments);
	const hint = known.length === 0 ? "Add `environments: { … }` to it, or leave --env and DETENT_ENV out." : `It has ${known.join(", ")}.`;
	throw wrong(file, `The configuration has no environment "${name}"${didYouMean(name, known) || "."}`, hint);
}
async function readJson(file) {
	try {
		return JSON.parse((await readFile(file, "utf8")).replace(/^\ufeff/, ""));
	} catch (cause) {
		throw wrong(file, `${file} cannot be read: ${wordsOf$2(cause)}.`, "Correct its JSON.", cause);
	}
}
async function importModule(file) {
	try {
		const module = await import(pathToFileURL(file).href);
		return isObject$1(module) ? module["default"] : void 0;
	} catch (cause) {
		if (cause instanceof DetentError) throw wrong(file, cause.message, cause.hint, cause);
		throw wrong(file, `${file} cannot be loaded: ${wordsOf$2(cause)}.`, loadHint(cause), cause);
	}
}
function loadHint(cause) {
	const code = isObject$1(cause) ? cause["code"] : void 0;
	if (code === "ERR_MODULE_NOT_FOUND") return "Install what it imports.";
	if (code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") return "Node removes types and translates nothing: write it without enum, namespace and parameter properties.";
	return "Correct it; `node <file>` shows the same error.";
}
function wrong(file, message, hint, cause) {
	return new DetentError("CONFIG", message, {
		...hint === void 0 ? {} : { hint },
		facts: { place: { file } },
		cause
	});
}
function wordsOf$2(thrown) {
	return (thrown instanceof Error ? thrown.message.trim().split("\n")[0] ?? "" : String(thrown)).replace(/\.$/, "");
}
function isObject$1(value) {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
var SHAPES;
var init_load = __esmMin(() => {
	init_src$3();
	init_keys();
	SHAPES = {
		url: { kind: "text" },
		...OPTION_SHAPES
	};
});
// ../../cli/src/config/resolve.ts
/** Brings together file < environment of the file < variables < flags. Throws `CONFIG`. Moves to the project's root. */
async function resolveSources(invocation) {
	const { flags, env, folder } = invocation;
	const flag = (name) => stringOr(flags.values.get(name));
	const file = findConfig(folder, flag("config") ?? env["DETENT_CONFIG"] ?? null);
	const root = file === null ? folder : dirname(file);
	process.chdir(root);
	const environment = flag("env") ?? (env["DETENT_ENV"] || null);
	if (environment !== null && file === null) throw new DetentError("CONFIG", `There is no configuration to have an environment "${environment}".`, { hint: "Write one with `detent init`, or leave --env and DETENT_ENV out." });
	const loaded = file === null ? {
		base: {},
		environment: {}
	} : await loadConfig(file, environment);
	const origins = /* @__PURE__ */ new Map();
	const values = {};
	const put = (path, value, from) => {
		setAt(values, path, value);
		origins.set(path, from);
	};
	for (const [path, value] of leaves(loaded.base)) put(path, value, file ?? "");
	for (const [path, value] of leaves(loaded.environment)) put(path, value, `${file ?? ""} (${environment ?? ""})`);
	for (const name of ["DATABASE_URL", "DETENT_URL"]) if (env[name]) put("url", env[name], name);
	for (const key of KEYS$2) {
		const text = env[key.variable];
		if (text !== void 0 && text !== "") put(key.path, parseValue(key, text, key.variable), key.variable);
	}
	if (flag("url") !== null) put("url", flag("url"), "--url");
	for (const [name, path] of flags.sets) {
		const value = flags.values.get(name);
		const key = KEYS$2.find((item) => item.path === path);
		if (value === void 0 || key === void 0) continue;
		const parsed = value === true ? true : parseValue(key, value, `--${name}`);
		put(path, path === "migrations" && typeof parsed === "string" ? resolve(folder, parsed) : parsed, `--${name}`);
	}
	const { url, adapter, ...options } = values;
	return {
		options: {
			...options,
			cwd: options.cwd === void 0 ? root : resolve(root, options.cwd)
		},
		adapter: adapter ?? null,
		origins,
		file,
		environment,
		root,
		url: url ?? null,
		warnings: unknownVariables(env)
	};
}
/** As `resolveSources`, with the adapter. Throws `CONFIG` also when nothing says which database. */
async function resolveConfig(invocation, load = loadAdapter) {
	const sources = await resolveSources(invocation);
	const { options, adapter, url, origins, root, warnings } = sources;
	const chosen = await chooseAdapter(adapter, url, origins.get("url") ?? "", {
		root,
		folder: invocation.folder,
		load
	});
	return {
		...sources,
		options: {
			...options,
			adapter: chosen.adapter
		},
		warnings: [...warnings, ...chosen.warnings]
	};
}
async function chooseAdapter(configured, url, from, { root, folder, load }) {
	if (configured === null && url === null) throw new DetentError("CONFIG", "Nothing says which database is meant.", { hint: "Run `detent init`, set DATABASE_URL, or pass --url, such as --url sqlite:app.db." });
	if (url === null) return {
		adapter: configured,
		warnings: []
	};
	if (from === "--url") process.chdir(folder);
	try {
		if (configured === null) return {
			adapter: await load(knownAdapterName(url, from), url, root),
			warnings: []
		};
		const name = adapterNameOf(url);
		if (name === configured.name || name === null && from !== "DATABASE_URL") return {
			adapter: configured.at(url),
			warnings: []
		};
		if (from === "DATABASE_URL") return {
			adapter: configured,
			warnings: [`DATABASE_URL is not a URL of ${configured.name}, which is configured; it was left alone. DETENT_URL or --url would be taken.`]
		};
		return {
			adapter: await load(knownAdapterName(url, from), url, root),
			warnings: []
		};
	} finally {
		process.chdir(root);
	}
}
/** A misspelt variable would otherwise be passed over in silence. */
function unknownVariables(env) {
	const known = [...KEYS$2.map(({ variable }) => variable), ...OTHER_VARIABLES];
	return Object.keys(env).filter((name) => name.startsWith("DETENT_") && !name.startsWith("DETENT_TEST_") && !known.includes(name)).map((name) => ({
		name,
		meant: didYouMean(name, known)
	})).filter(({ meant }) => meant !== "").map(({ name, meant }) => `There is no variable ${name}${meant}`);
}
/** `{ backup: { folder: 'x' } }` → `backup.folder`, `x`. Only the groups of settings are taken apart. */
function leaves(layer) {
	const groups = new Set(KEYS$2.flatMap(({ path }) => path.includes(".") ? [path.split(".")[0] ?? ""] : []));
	return Object.entries(layer).flatMap(([key, value]) => {
		if (value === void 0) return [];
		if (!groups.has(key)) return [[key, value]];
		return Object.entries(value).map(([name, item]) => [`${key}.${name}`, item]);
	});
}
function setAt(target, path, value) {
	const [first = "", second] = path.split(".");
	if (second === void 0) target[first] = value;
	else target[first] = {
		...target[first],
		[second]: value
	};
}
function stringOr(value) {
	return typeof value === "string" ? value : null;
}
var init_resolve = __esmMin(() => {
	init_src$3();
	init_adapters();
	init_find();
	init_keys();
	init_load();
});
// ../../cli/src/config/index.ts
var init_config = __esmMin(() => {
	init_adapters();
	init_resolve();
});
// ../../sql/src/destroys.ts
/** The data that a statement throws away for good; `null` for views, indexes and all that holds no rows. */
function findDestruction(reader, dialect) {
	switch (reader.at(0)) {
		case "DROP": return dropped(reader, dialect);
		case "ALTER": return altered$1(reader);
		case "TRUNCATE": return "truncate";
		case "DELETE": return reader.some((token) => token === "WHERE" || token === "LIMIT") ? null : "delete-all";
		default: return null;
	}
}
function dropped(reader, dialect) {
	switch (reader.at(1)) {
		case "TABLE": return "drop-table";
		case "DATABASE": return "drop-database";
		case "SCHEMA": return dialect.name === "postgres" ? "drop-schema" : "drop-database";
		case "OWNED": return "drop-owned";
		case "TYPE":
		case "DOMAIN":
		case "EXTENSION": return reader.some((token) => token === "CASCADE") ? "drop-column" : null;
		default: return null;
	}
}
function altered$1(reader) {
	if (reader.at(1) === "TYPE") return reader.some((token, previous) => token === "ATTRIBUTE" && previous === "DROP") ? "drop-column" : null;
	if (!hasRows(reader)) return null;
	let found = null;
	reader.some((token, previous) => {
		if (previous === "DROP" && !NO_COLUMN$1.has(token)) found = token === "PARTITION" ? "drop-partition" : "drop-column";
		else if (previous === "TRUNCATE" && token === "PARTITION" || previous === "DISCARD" && token === "TABLESPACE") found = "truncate";
		return found !== null;
	});
	return found;
}
/** `ALTER TABLE`, also `ALTER IGNORE TABLE` and `ALTER ONLINE TABLE` of MariaDB. */
function hasRows(reader) {
	return [
		1,
		2,
		3
	].some((index) => reader.at(index) === "TABLE");
}
var DESTRUCTIONS, NO_COLUMN$1;
var init_destroys = __esmMin(() => {
	DESTRUCTIONS = [
		"drop-table",
		"drop-column",
		"drop-database",
		"drop-schema",
		"drop-owned",
		"drop-partition",
		"truncate",
		"delete-all"
	];
	NO_COLUMN$1 = new Set(`CONSTRAINT INDEX KEY PRIMARY FOREIGN CHECK DEFAULT NOT EXPRESSION IDENTITY STORAGE SYSTEM PERIOD`.split(" "));
});
// ../../sql/src/characters.ts
/** Everything beyond ASCII belongs to words, as in all four databases; past the end is `OTHER`. */
function classOf(code) {
	return code < 128 ? CLASSES[code] ?? OTHER : code >= 128 ? 2 : OTHER;
}
function isWordPart(code) {
	const kind = classOf(code);
	return kind === 2 || kind === 3 || kind === 10;
}
var OTHER, CLASSES, assign;
var init_characters = __esmMin(() => {
	OTHER = 0;
	CLASSES = (/* @__PURE__ */ new Uint8Array(128)).fill(OTHER);
	assign = (characters, kind) => {
		for (const character of characters) CLASSES[character.charCodeAt(0)] = kind;
	};
	assign(" 	\n\v\f\r", 1);
	assign("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_", 2);
	assign("0123456789", 3);
	assign("'\"`[", 4);
	assign(";", 5);
	assign("-", 6);
	assign("/", 7);
	assign("*", 8);
	assign("#", 9);
	assign("$", 10);
	assign("\\", 11);
});
// ../../sql/src/lexer.ts
var CONTINUED, Lexer;
var init_lexer = __esmMin(() => {
	init_characters();
	CONTINUED = /(?:[ \t\f\v]|--[^\n\r]*)*[\n\r](?:[ \t\f\v\n\r]|--[^\n\r]*[\n\r])*'/y;
	Lexer = class {
		kind = "end";
		start;
		end;
		/** What ends a statement; `null` is the semicolon. */
		delimiter = null;
		#source;
		#text;
		#dialect;
		#slashOpensConditional;
		#conditionals = [];
		constructor(source, dialect) {
			this.#source = source;
			this.#text = source.text;
			this.#dialect = dialect;
			this.#slashOpensConditional = dialect.conditionalComments.length > 0;
			this.start = source.from;
			this.end = source.from;
		}
		next() {
			this.kind = this.#read();
			return this.kind;
		}
		/** The last token as written. */
		get text() {
			return this.#text.slice(this.start, this.end);
		}
		/** The last token in upper case, for comparing with keywords. */
		get upper() {
			return this.text.toUpperCase();
		}
		#read() {
			const text = this.#text;
			const length = text.length;
			let at = this.end;
			while (at < length && classOf(text.charCodeAt(at)) === 1) at += 1;
			this.start = at;
			this.end = at + 1;
			if (at >= length) return this.#readEnd(length);
			if (this.delimiter !== null && this.#conditionals.length === 0 && this.#isDelimiter(at)) {
				this.end = at + this.delimiter.length;
				return "terminator";
			}
			const code = text.charCodeAt(at);
			switch (classOf(code)) {
				case 2: return this.#readWord(at, code);
				case 3: return this.#readNumber(at);
				case 4: return this.#readQuoted(at, code);
				case 5: return this.delimiter === null && this.#conditionals.length === 0 ? "terminator" : "operator";
				case 6: return this.#opensDashComment(at) ? this.#readLineComment() : "operator";
				case 7: return text.charCodeAt(at + 1) === 42 ? this.#readComment(at) : "operator";
				case 8: return this.#closesConditional(at) ? "conditional" : "operator";
				case 9: return this.#dialect.hashComments ? this.#readLineComment() : "operator";
				case 10: return this.#dialect.dollarQuotes ? this.#readDollar(at) : this.#readWord(at, code);
				case 11: return this.#dialect.psql ? "meta" : "operator";
				default: return "operator";
			}
		}
		#readEnd(length) {
			this.end = length;
			const open = this.#conditionals[0];
			if (open !== void 0) throw this.#unclosed(open, "conditional comment", "*/");
			return "end";
		}
		#readWord(at, code) {
			const text = this.#text;
			if (this.#dialect.eStrings && (code === 69 || code === 101) && text.charCodeAt(at + 1) === 39) {
				this.end = this.#endOfString(at + 1, 39, true);
				for (let open = this.#continuation(); open !== null; open = this.#continuation()) this.end = this.#endOfString(open, 39, true);
				return "string";
			}
			const border = this.delimiter === null ? -1 : this.delimiter.charCodeAt(0);
			let end = at + 1;
			for (; end < text.length; end += 1) {
				const next = text.charCodeAt(end);
				if (!isWordPart(next)) break;
				if (next === border && classOf(border) !== 2 && this.#isDelimiter(end)) break;
			}
			this.end = end;
			return "word";
		}
		#readNumber(at) {
			const text = this.#text;
			let end = at + 1;
			for (; end < text.length; end += 1) {
				const next = text.charCodeAt(end);
				if (next === 46) {
					if (text.charCodeAt(end + 1) === 46) break;
				} else if (!isWordPart(next) || next === 36 && this.delimiter !== null) break;
			}
			this.end = end;
			return "number";
		}
		#readQuoted(at, code) {
			const quote = String.fromCharCode(code);
			if (this.#dialect.stringQuotes.includes(quote)) {
				this.end = this.#endOfString(at, code, this.#dialect.backslashEscapes);
				return "string";
			}
			if (!this.#dialect.identifierQuotes.includes(quote)) return "operator";
			this.end = this.#endOfQuoted(at, quote === "[" ? "]" : quote, "quoted identifier");
			return "quoted";
		}
		#endOfString(open, quote, backslashes) {
			if (!backslashes) return this.#endOfQuoted(open, String.fromCharCode(quote), "string");
			const text = this.#text;
			for (let at = open + 1; at < text.length; at += 1) {
				const code = text.charCodeAt(at);
				if (code === 92) at += 1;
				else if (code === quote) {
					if (text.charCodeAt(at + 1) !== quote) return at + 1;
					at += 1;
				}
			}
			throw this.#unclosed(open, "string", String.fromCharCode(quote));
		}
		#endOfQuoted(open, close, what) {
			const text = this.#text;
			for (let at = open + 1;; at += 2) {
				at = text.indexOf(close, at);
				if (at === -1) throw this.#unclosed(open, what, close);
				if (close === "]" || text[at + 1] !== close) return at + 1;
			}
		}
		/** Where the string that has just ended goes on, behind the end of its line; `null` where it does not. */
		#continuation() {
			CONTINUED.lastIndex = this.end;
			return CONTINUED.test(this.#text) ? CONTINUED.lastIndex - 1 : null;
		}
		#opensDashComment(at) {
			if (this.#text.charCodeAt(at + 1) !== 45) return false;
			if (!this.#dialect.dashNeedsSpace || at + 2 >= this.#text.length) return true;
			return this.#text.charCodeAt(at + 2) <= 32;
		}
		#readLineComment() {
			const text = this.#text;
			if (this.#dialect.returnEndsComment) {
				let at = this.end;
				for (; at < text.length; at += 1) {
					const code = text.charCodeAt(at);
					if (code === 10 || code === 13) break;
				}
				this.end = at;
			} else {
				const at = text.indexOf("\n", this.end);
				this.end = at === -1 ? text.length : at;
			}
			return "comment";
		}
		#readComment(open) {
			const text = this.#text;
			if (this.#slashOpensConditional && this.#opensConditional(open)) return "conditional";
			if (!this.#dialect.nestedComments) {
				const close = text.indexOf("*/", open + 2);
				if (close === -1) throw this.#unclosed(open, "comment", "*/");
				this.end = close + 2;
				return "comment";
			}
			let depth = 1;
			let at = open + 2;
			while (depth > 0) {
				const code = text.charCodeAt(at);
				const next = text.charCodeAt(at + 1);
				if (Number.isNaN(code)) throw this.#unclosed(open, "comment", "*/");
				const opens = code === 47 && next === 42;
				const closes = code === 42 && next === 47;
				if (opens) depth += 1;
				if (closes) depth -= 1;
				at += opens || closes ? 2 : 1;
			}
			this.end = at;
			return "comment";
		}
		#opensConditional(open) {
			const opening = this.#dialect.conditionalComments.find((prefix) => this.#text.startsWith(prefix, open));
			if (opening === void 0) return false;
			this.#conditionals.push(open);
			let end = open + opening.length;
			while (classOf(this.#text.charCodeAt(end)) === 3) end += 1;
			this.end = end;
			return true;
		}
		#closesConditional(at) {
			if (this.#conditionals.length === 0 || this.#text.charCodeAt(at + 1) !== 47) return false;
			this.#conditionals.pop();
			this.end = at + 2;
			return true;
		}
		#readDollar(open) {
			const text = this.#text;
			let end = open + 1;
			for (let code = text.charCodeAt(end); code !== 36; code = text.charCodeAt(end)) {
				if (!isWordPart(code) || end === open + 1 && classOf(code) === 3) {
					while (classOf(text.charCodeAt(this.end)) === 3) this.end += 1;
					return "operator";
				}
				end += 1;
			}
			const tag = text.slice(open, end + 1);
			const close = text.indexOf(tag, end + 1);
			if (close === -1) throw this.#unclosed(open, "dollar quote", tag);
			this.end = close + tag.length;
			return "string";
		}
		#isDelimiter(at) {
			const { delimiter } = this;
			if (delimiter === null || !this.#text.startsWith(delimiter, at)) return false;
			return !(classOf(delimiter.charCodeAt(0)) === 2) || !isWordPart(this.#text.charCodeAt(at + delimiter.length));
		}
		#unclosed(open, what, close) {
			return this.#source.syntaxError(open, `The ${what} that opens here is never closed.`, `Close it with ${close}.`);
		}
	};
});
// ../../sql/src/source.ts
/** Throws `SCRIPT_SYNTAX` for text that holds a NUL character, which no server takes. */
function openSource(text, file) {
	const from = text.charCodeAt(0) === 65279 ? 1 : 0;
	const locate = locator(text, from);
	const source = {
		text,
		file,
		from,
		place: (offset) => ({
			file,
			...locate(offset)
		}),
		syntaxError: (offset, message, hint) => new DetentError("SCRIPT_SYNTAX", message, {
			hint,
			facts: { place: source.place(offset) }
		})
	};
	const nul = text.indexOf("\0");
	if (nul !== -1) throw source.syntaxError(nul, `${file} holds a NUL character.`, "Save the file as UTF-8 text; a NUL often means UTF-16 or a file that is no text.");
	return source;
}
/** Lines and columns count from 1. Asking in rising order reads the text once. */
function locator(text, from) {
	let line = 1;
	let lineStart = from;
	let nextBreak = text.indexOf("\n", from);
	return (offset) => {
		if (offset < lineStart) {
			line = 1;
			lineStart = from;
			nextBreak = text.indexOf("\n", from);
		}
		while (nextBreak !== -1 && nextBreak < offset) {
			line += 1;
			lineStart = nextBreak + 1;
			nextBreak = text.indexOf("\n", lineStart);
		}
		return {
			line,
			column: offset - lineStart + 1
		};
	};
}
var init_source = __esmMin(() => {
	init_src$3();
});
// ../../sql/src/statement-reader.ts
function readStatement(text, dialect) {
	return readSlice(openSource(text, "statement"), dialect, 0, text.length);
}
function readSlice(source, dialect, start, end) {
	const lexer = lexerAt(source, dialect, start);
	const head = [];
	const headAt = (index) => {
		while (head.length <= index) {
			const token = nextToken(lexer, end);
			head.push({
				token,
				text: token === "" ? "" : lexer.text
			});
		}
		return head[index];
	};
	const scan = (visit, deepest) => {
		const own = lexerAt(source, dialect, start);
		let depth = 0;
		let previous = "";
		for (let token = nextToken(own, end); token !== ""; token = nextToken(own, end)) {
			if (token === ")") depth -= 1;
			if (depth <= deepest && visit(token, previous, own.text)) return true;
			if (token === "(") depth += 1;
			previous = token;
		}
		return false;
	};
	return {
		at: (index) => headAt(index)?.token ?? "",
		textAt: (index) => headAt(index)?.text ?? "",
		some: (visit) => scan(visit, 0),
		someAnywhere: (visit) => scan(visit, Number.POSITIVE_INFINITY)
	};
}
/** A name that `token` stands for, as the database compares names. */
function nameOf$1(token) {
	const open = token[0] ?? "";
	if (!"\"`[".includes(open)) return token.toLowerCase();
	const close = open === "[" ? "]" : open;
	return token.slice(1, -1).replaceAll(close + close, close).toLowerCase();
}
/** Of a PRAGMA, in upper case and without its schema. */
function pragmaName(reader) {
	return reader.at(2) === "." ? reader.at(3) : reader.at(1);
}
function lexerAt(source, dialect, start) {
	const lexer = new Lexer(source, dialect);
	lexer.end = start;
	return lexer;
}
/** Empty past the end. */
function nextToken(lexer, end) {
	while (lexer.end < end) switch (lexer.next()) {
		case "word": return lexer.start < end ? lexer.upper : "";
		case "quoted":
		case "operator":
		case "meta": return lexer.start < end ? lexer.text : "";
		case "string": return "'";
		case "number": return "0";
		case "terminator": return lexer.start < end ? ";" : "";
		case "comment":
		case "conditional": break;
		case "end": return "";
	}
	return "";
}
var init_statement_reader = __esmMin(() => {
	init_lexer();
	init_source();
});
// ../../sql/src/effect.ts
/** What a statement makes, takes away or alters, as far as its first words tell; `null` where they do not. */
function effectOf(reader, dialect) {
	switch (reader.at(0)) {
		case "CREATE": return createdOrDropped(reader, dialect, "makes");
		case "DROP": return createdOrDropped(reader, dialect, "takes away");
		case "ALTER": return reader.at(1) === "TABLE" ? altered(reader) : null;
		case "RENAME": return renamed(reader);
		case "INSERT":
		case "REPLACE": return rowsOf$2(reader, "makes", [
			"INTO",
			"IGNORE",
			"OR"
		]);
		case "DELETE": return rowsOf$2(reader, "takes away", [
			"FROM",
			"IGNORE",
			"QUICK",
			"LOW_PRIORITY",
			"ONLY"
		]);
		case "UPDATE": return updated(reader);
		case "VACUUM":
		case "ANALYZE":
		case "OPTIMIZE":
		case "REPAIR":
		case "REINDEX": return {
			change: "alters",
			on: []
		};
		default: return null;
	}
}
function createdOrDropped(reader, dialect, change) {
	let at = 1;
	while (at < HEAD && !KINDS$3.has(reader.at(at))) {
		if ([
			"TEMP",
			"TEMPORARY",
			""
		].includes(reader.at(at))) return null;
		at += 1;
	}
	const kind = reader.at(at).toLowerCase();
	const name = nameAt(reader, skip(reader, at + 1, GUARDS));
	if (at >= HEAD || name === null || reader.at(name.next) === ",") return null;
	const own = `${kind} ${name.text}`;
	if (!(kind === "index" && (dialect.name === "mysql" || dialect.name === "mariadb"))) return {
		change,
		on: [own]
	};
	const table = nameAt(reader, skip(reader, name.next, /* @__PURE__ */ new Set([
		"ON",
		"USING",
		"BTREE",
		"HASH"
	])));
	return table === null ? null : {
		change,
		on: [`table ${table.text}`, name.text]
	};
}
/** All actions of one ALTER TABLE must go in one direction. */
function altered(reader) {
	const tokens = [];
	reader.some((token) => {
		tokens.push(token);
		return false;
	});
	const at = (index) => tokens[index] ?? "";
	const table = nameAt({ at }, skip({ at }, 2, /* @__PURE__ */ new Set([
		"IF",
		"EXISTS",
		"ONLY"
	])));
	if (table === null) return null;
	const names = [];
	const changes = /* @__PURE__ */ new Set();
	for (let start = table.next; start < tokens.length; start = behindComma(tokens, start)) {
		const change = VERBS$1[at(start)];
		const part = nameAt({ at }, skip({ at }, start + 1, PARTS));
		if (change === void 0 || part === null) return null;
		changes.add(change);
		if (at(start) === "RENAME" && (at(start + 1) === "TO" || at(start + 1) === "AS")) return {
			change,
			on: [`table ${[table.text, part.text].toSorted().join(" or ")}`]
		};
		const other = otherName(at, start, part.next);
		names.push(other === null ? part.text : [part.text, other].toSorted().join(" or "));
	}
	const [change] = changes;
	if (change === void 0 || changes.size > 1) return null;
	return {
		change,
		on: [`table ${table.text}`, names.toSorted().join(", ")]
	};
}
function behindComma(tokens, from) {
	const found = tokens.indexOf(",", from);
	return found === -1 ? tokens.length : found + 1;
}
/** `CHANGE a b …` and `RENAME COLUMN a TO b` are undone with the names the other way round. */
function otherName(at, start, next) {
	if (at(start) === "CHANGE") return nameAt({ at }, next)?.text ?? null;
	if (at(start) === "RENAME" && at(next) === "TO") return nameAt({ at }, next + 1)?.text ?? null;
	return null;
}
function renamed(reader) {
	if (reader.at(1) !== "TABLE") return null;
	const from = nameAt(reader, 2);
	const to = from === null || reader.at(from.next) !== "TO" ? null : nameAt(reader, from.next + 1);
	if (from === null || to === null || reader.at(to.next) !== "") return null;
	return {
		change: "alters",
		on: [`table ${[from.text, to.text].toSorted().join(" or ")}`]
	};
}
function rowsOf$2(reader, change, between) {
	const table = nameAt(reader, skip(reader, 1, new Set(between)));
	return table === null ? null : {
		change,
		on: [`table ${table.text}`, "rows"]
	};
}
function updated(reader) {
	const table = nameAt(reader, skip(reader, 1, /* @__PURE__ */ new Set([
		"IGNORE",
		"ONLY",
		"LOW_PRIORITY"
	])));
	if (table === null || reader.at(table.next) !== "SET") return null;
	const columns = [];
	reader.some((token, previous) => {
		if (previous === "SET" || previous === "," && columns.length > 0) columns.push(nameOf$1(token));
		return token === "WHERE";
	});
	return {
		change: "alters",
		on: [
			`table ${table.text}`,
			columns.toSorted().join(", "),
			"rows"
		]
	};
}
function skip(reader, from, words) {
	let at = from;
	while (words.has(reader.at(at))) at += 1;
	return at;
}
/** A name with what qualifies it, and the place behind it; `null` where there is none. */
function nameAt(reader, from) {
	const first = reader.at(from);
	if (!/^[\p{L}_`"[]/u.test(first)) return null;
	let text = nameOf$1(first);
	let at = from + 1;
	while (reader.at(at) === ".") {
		text += `.${nameOf$1(reader.at(at + 1))}`;
		at += 2;
	}
	return {
		text,
		next: at
	};
}
var KINDS$3, GUARDS, HEAD, VERBS$1, PARTS;
var init_effect = __esmMin(() => {
	init_statement_reader();
	KINDS$3 = new Set("TABLE VIEW INDEX SEQUENCE PROCEDURE FUNCTION TRIGGER EVENT TYPE DOMAIN SCHEMA DATABASE EXTENSION".split(" "));
	GUARDS = /* @__PURE__ */ new Set([
		"IF",
		"NOT",
		"EXISTS",
		"CONCURRENTLY"
	]);
	HEAD = 14;
	VERBS$1 = {
		ADD: "makes",
		DROP: "takes away",
		MODIFY: "alters",
		CHANGE: "alters",
		ALTER: "alters",
		RENAME: "alters"
	};
	PARTS = new Set("COLUMN INDEX KEY CONSTRAINT UNIQUE FULLTEXT SPATIAL CHECK FOREIGN IF NOT EXISTS TO AS".split(" "));
});
// ../../sql/src/leaves.ts
/** What a statement leaves in the connection beyond schema and rows; `null` when nothing. */
function leavesBehind(reader, dialect, kind) {
	const first = reader.at(0);
	if (first === "CREATE") return temporary(reader);
	switch (dialect.name) {
		case "postgres": return leftInPostgres(reader);
		case "mysql":
		case "mariadb": return leftInMysql(reader);
		case "sqlite": return kind === "session" && [
			"PRAGMA",
			"ATTACH",
			"DETACH"
		].includes(first) ? SETTING : null;
	}
}
/** A temporary table, view or sequence. */
function temporary(reader) {
	let at = 1;
	if (reader.at(at) === "OR") at += 2;
	if (["GLOBAL", "LOCAL"].includes(reader.at(at))) at += 1;
	if (!TEMPORARY.has(reader.at(at))) return null;
	at += 1;
	while (KINDS$2.has(reader.at(at)) || BEFORE_NAME.has(reader.at(at))) at += 1;
	return {
		kind: "value",
		name: nameOf$1(reader.at(at + 1) === "." ? reader.at(at + 2) : reader.at(at))
	};
}
function leftInPostgres(reader) {
	switch (reader.at(0)) {
		case "SET": return [
			"LOCAL",
			"TRANSACTION",
			"CONSTRAINTS"
		].includes(reader.at(1)) ? null : SETTING;
		case "RESET":
		case "DISCARD":
		case "DEALLOCATE": return SETTING;
		case "PREPARE": return reader.at(1) === "TRANSACTION" ? null : SETTING;
		case "SELECT": return reader.at(1) === "SET_CONFIG" || reader.at(2) === "." && reader.at(3) === "SET_CONFIG" ? SETTING : null;
		default: return null;
	}
}
function leftInMysql(reader) {
	switch (reader.at(0)) {
		case "SET": return setInMysql(reader);
		case "USE":
		case "PREPARE":
		case "DEALLOCATE":
		case "LOCK":
		case "UNLOCK": return SETTING;
		case "SELECT": return variableBehind(reader, "INTO");
		default: return null;
	}
}
/** A variable that a query or a function gave its value may come out otherwise when it is set again. */
function setInMysql(reader) {
	const computed = reader.someAnywhere((token) => token === "(");
	const variable = reader.at(1) === "@" && reader.at(2) !== "@" ? reader.at(2) : null;
	if (computed && variable !== null) return {
		kind: "value",
		name: `@${nameOf$1(variable)}`
	};
	return BEYOND_SESSION.has(reader.at(1)) ? null : SETTING;
}
function variableBehind(reader, word) {
	let before = "";
	let found = null;
	reader.some((token, previous) => {
		if (previous === "@" && before === word) found = token;
		before = previous;
		return found !== null;
	});
	return found === null ? null : {
		kind: "value",
		name: `@${nameOf$1(found)}`
	};
}
var SETTING, TEMPORARY, BEFORE_NAME, KINDS$2, BEYOND_SESSION;
var init_leaves = __esmMin(() => {
	init_statement_reader();
	SETTING = { kind: "setting" };
	TEMPORARY = /* @__PURE__ */ new Set(["TEMP", "TEMPORARY"]);
	BEFORE_NAME = /* @__PURE__ */ new Set([
		"IF",
		"NOT",
		"EXISTS",
		"RECURSIVE"
	]);
	KINDS$2 = /* @__PURE__ */ new Set([
		"TABLE",
		"VIEW",
		"SEQUENCE",
		"TRIGGER",
		"UNIQUE",
		"INDEX"
	]);
	BEYOND_SESSION = /* @__PURE__ */ new Set([
		"GLOBAL",
		"PERSIST",
		"PERSIST_ONLY",
		"PASSWORD",
		"TRANSACTION",
		"STATEMENT",
		"DEFAULT",
		"ROLE"
	]);
});
// ../../sql/src/transactional.ts
/** Whether the statement can share a transaction with others and be undone with it. */
function isTransactional(reader, dialect) {
	switch (dialect.name) {
		case "postgres": return !refusedByPostgres(reader);
		case "mysql":
		case "mariadb": return !commitsInMysql(reader);
		case "sqlite": return !refusedBySqlite(reader);
	}
}
function refusedByPostgres(reader) {
	const [first, second] = [reader.at(0), reader.at(1)];
	switch (first) {
		case "CREATE":
		case "DROP": return OUTSIDE_IN_POSTGRES.has(second) || INDEX.has(second) && hasWord(reader, "CONCURRENTLY", 4);
		case "ALTER":
			if (second === "SYSTEM" || second === "SUBSCRIPTION") return true;
			if (second === "DATABASE") return reader.some((token, previous) => token === "TABLESPACE" && previous === "SET");
			return second === "TABLE" && reader.some((token) => token === "DETACH") && reader.some((token) => token === "CONCURRENTLY");
		case "REINDEX": return [
			"CONCURRENTLY",
			"DATABASE",
			"SYSTEM",
			"SCHEMA"
		].some((word) => hasWord(reader, word, 8));
		case "VACUUM": return true;
		case "CLUSTER": return second === "" || second === "VERBOSE" && reader.at(2) === "";
		case "DISCARD": return second === "ALL";
		default: return false;
	}
}
/** MySQL and MariaDB commit what is open before and after these. */
function commitsInMysql(reader) {
	const [first, second] = [reader.at(0), reader.at(1)];
	switch (first) {
		case "CREATE":
		case "DROP": return !(hasWord(reader, "TEMPORARY", 4) && (hasWord(reader, "TABLE", 5) || hasWord(reader, "SEQUENCE", 5)));
		case "LOAD": return second === "INDEX";
		case "SET": return second === "PASSWORD";
		default: return COMMITTING_IN_MYSQL.has(first);
	}
}
function refusedBySqlite(reader) {
	switch (reader.at(0)) {
		case "VACUUM":
		case "DETACH": return true;
		case "PRAGMA": return OUTSIDE_PRAGMAS.has(pragmaName(reader));
		default: return false;
	}
}
function hasWord(reader, word, within) {
	for (let index = 1; index < within; index += 1) if (reader.at(index) === word) return true;
	return false;
}
var OUTSIDE_IN_POSTGRES, INDEX, COMMITTING_IN_MYSQL, OUTSIDE_PRAGMAS;
var init_transactional = __esmMin(() => {
	init_statement_reader();
	OUTSIDE_IN_POSTGRES = /* @__PURE__ */ new Set([
		"DATABASE",
		"TABLESPACE",
		"SUBSCRIPTION"
	]);
	INDEX = /* @__PURE__ */ new Set(["INDEX", "UNIQUE"]);
	COMMITTING_IN_MYSQL = new Set(`CREATE ALTER DROP TRUNCATE RENAME GRANT REVOKE ANALYZE OPTIMIZE REPAIR CHECK CACHE FLUSH RESET LOCK UNLOCK STOP START
   CHANGE INSTALL UNINSTALL IMPORT PURGE`.split(/\s+/));
	OUTSIDE_PRAGMAS = /* @__PURE__ */ new Set([
		"JOURNAL_MODE",
		"SYNCHRONOUS",
		"WAL_CHECKPOINT",
		"PAGE_SIZE",
		"AUTO_VACUUM",
		"ENCODING"
	]);
});
// ../../sql/src/classify.ts
function classifyTokens(reader, dialect) {
	const kind = kindOf(reader, dialect);
	const leaves = leavesBehind(reader, dialect, kind);
	switch (kind) {
		case "query":
		case "transaction": return {
			kind,
			transactional: true,
			destroys: null,
			leaves,
			effect: null
		};
		case "ddl":
		case "data":
		case "session": return {
			kind,
			transactional: isTransactional(reader, dialect),
			destroys: findDestruction(reader, dialect),
			leaves,
			effect: effectOf(reader, dialect)
		};
	}
}
/**
* Whether SQLite would carry child rows along: a table is dropped or renamed, or foreign keys are switched off, which
* does nothing inside a transaction.
*/
function rebuildsTable(statement, dialect) {
	const reader = readStatement(statement.text, dialect);
	switch (reader.at(0)) {
		case "DROP": return reader.at(1) === "TABLE";
		case "ALTER": return reader.some((token, previous) => token === "TO" && previous === "RENAME");
		case "PRAGMA": return pragmaName(reader) === "FOREIGN_KEYS" && SWITCHED_OFF.has(pragmaValue(reader));
		default: return false;
	}
}
function pragmaValue(reader) {
	const behind = reader.at(2) === "." ? 4 : 2;
	return reader.at(behind) === "=" || reader.at(behind) === "(" ? reader.at(behind + 1) : "";
}
function kindOf(reader, dialect) {
	const first = reader.at(0);
	switch (first) {
		case "(":
		case "SELECT": return dialect.name === "postgres" && reader.some((token) => token === "INTO") ? "ddl" : "query";
		case "WITH": return changesRows(reader) ? "data" : "query";
		case "EXPLAIN": return dialect.name === "postgres" && (reader.at(1) === "ANALYZE" || reader.at(2) === "ANALYZE") ? "data" : "query";
		case "START": return reader.at(1) === "TRANSACTION" ? "transaction" : "session";
		case "PREPARE": return reader.at(1) === "TRANSACTION" ? "transaction" : "session";
		case "BEGIN": return reader.at(1) === "NOT" ? "data" : "transaction";
		case "ROLLBACK": return reader.at(1) === "TO" || reader.at(2) === "TO" ? "session" : "transaction";
		case "SET": return setsAutocommit(reader) ? "transaction" : "session";
		case "PRAGMA": return kindOfPragma(reader);
		case "LOAD": return dialect.name === "postgres" ? "session" : "data";
		default: return KINDS$1.get(first) ?? "data";
	}
}
/** In a `WITH`: at its end, or in PostgreSQL in one of its parts. `FOR UPDATE` locks rows only. */
function changesRows(reader) {
	return reader.someAnywhere((token, previous) => CHANGES.has(token) && previous !== "FOR" && previous !== "," && previous !== ".");
}
function setsAutocommit(reader) {
	for (let index = 1; index < 6; index += 1) {
		const token = reader.at(index);
		if (token === "AUTOCOMMIT") return true;
		if (token === "=" || token === "") return false;
	}
	return false;
}
function kindOfPragma(reader) {
	const name = pragmaName(reader);
	if (pragmaValue(reader) === "" ? !ACTING_PRAGMAS.has(name) : ASKING_PRAGMAS.test(name)) return "query";
	return STORED_PRAGMAS.has(name) ? "data" : "session";
}
var SWITCHED_OFF, KINDS$1, CHANGES, STORED_PRAGMAS, ASKING_PRAGMAS, ACTING_PRAGMAS;
var init_classify = __esmMin(() => {
	init_destroys();
	init_effect();
	init_leaves();
	init_statement_reader();
	init_transactional();
	SWITCHED_OFF = /* @__PURE__ */ new Set([
		"OFF",
		"NO",
		"FALSE",
		"0",
		"'"
	]);
	KINDS$1 = new Map(Object.entries({
		ddl: `CREATE ALTER DROP TRUNCATE COMMENT GRANT REVOKE RENAME REINDEX CLUSTER REFRESH SECURITY REASSIGN VACUUM ANALYZE
      OPTIMIZE REPAIR INSTALL UNINSTALL IMPORT`,
		query: "VALUES TABLE SHOW DESCRIBE DESC HELP CHECKSUM CHECK",
		session: `RESET DISCARD USE LISTEN UNLISTEN NOTIFY DECLARE FETCH CLOSE MOVE DEALLOCATE LOCK UNLOCK ATTACH DETACH
      FLUSH KILL SAVEPOINT RELEASE CHECKPOINT STOP CHANGE PURGE CACHE BINLOG`,
		transaction: "COMMIT END ABORT XA"
	}).flatMap(([kind, words]) => words.split(/\s+/).map((word) => [word, kind])));
	CHANGES = /* @__PURE__ */ new Set([
		"INSERT",
		"UPDATE",
		"DELETE",
		"MERGE",
		"REPLACE"
	]);
	STORED_PRAGMAS = /* @__PURE__ */ new Set(["USER_VERSION", "APPLICATION_ID"]);
	ASKING_PRAGMAS = /(_INFO|_XINFO|_LIST|_CHECK|_COUNT|_OPTIONS|^DATA_VERSION|^SCHEMA_VERSION)$/;
	ACTING_PRAGMAS = /* @__PURE__ */ new Set([
		"WAL_CHECKPOINT",
		"OPTIMIZE",
		"INCREMENTAL_VACUUM",
		"SHRINK_MEMORY"
	]);
}), words, COMMON_VALUES, CLAUSES, postgres$1, mysql, sqlite$1;
var init_dialect = __esmMin(() => {
	words = (text) => text.split(" ");
	COMMON_VALUES = words("null true false default current_date current_time current_timestamp");
	CLAUSES = words("primary unique not check references constraint collate generated as on");
	postgres$1 = {
		name: "postgres",
		stringQuotes: "'",
		identifierQuotes: "\"",
		backslashEscapes: false,
		eStrings: true,
		dollarQuotes: true,
		nestedComments: true,
		hashComments: false,
		dashNeedsSpace: false,
		returnEndsComment: true,
		conditionalComments: [],
		bodies: "atomic",
		bareBlocks: false,
		delimiterDirective: false,
		psql: true,
		quote: "\"",
		identifierLimit: {
			length: 63,
			unit: "bytes"
		},
		placeholder: "dollar",
		valueWords: /* @__PURE__ */ new Set([
			...COMMON_VALUES,
			...CLAUSES,
			...words("user current_user session_user system_user current_role current_catalog current_schema localtime localtimestamp")
		])
	};
	mysql = {
		name: "mysql",
		stringQuotes: `'"`,
		identifierQuotes: "`",
		backslashEscapes: true,
		eStrings: false,
		dollarQuotes: false,
		nestedComments: false,
		hashComments: true,
		dashNeedsSpace: true,
		returnEndsComment: false,
		conditionalComments: ["/*!"],
		bodies: "routine",
		bareBlocks: false,
		delimiterDirective: true,
		psql: false,
		quote: "`",
		identifierLimit: {
			length: 64,
			unit: "characters"
		},
		placeholder: "question",
		valueWords: /* @__PURE__ */ new Set([
			...COMMON_VALUES,
			...CLAUSES,
			...words("current_user localtime localtimestamp utc_date utc_time utc_timestamp key")
		])
	};
	({ ...mysql });
	sqlite$1 = {
		name: "sqlite",
		stringQuotes: "'",
		identifierQuotes: "\"`[",
		backslashEscapes: false,
		eStrings: false,
		dollarQuotes: false,
		nestedComments: false,
		hashComments: false,
		dashNeedsSpace: false,
		returnEndsComment: false,
		conditionalComments: [],
		bodies: "trigger",
		bareBlocks: false,
		delimiterDirective: false,
		psql: false,
		quote: "\"",
		identifierLimit: null,
		placeholder: "question",
		valueWords: /* @__PURE__ */ new Set([...COMMON_VALUES, ...CLAUSES])
	};
});
// ../../sql/src/history-columns.ts
/** Keys compare byte by byte: `R__a` and `R__A` are two migrations. */
function columnType(dialect, type) {
	switch (dialect.name) {
		case "sqlite": return {
			key: "TEXT",
			text: "TEXT",
			long: "TEXT",
			integer: "INTEGER"
		}[type];
		case "postgres": return {
			key: "text",
			text: "text",
			long: "text",
			integer: "bigint"
		}[type];
		case "mysql":
		case "mariadb": return {
			key: "varchar(255)",
			text: "varchar(1024)",
			long: "longtext",
			integer: "bigint"
		}[type];
	}
}
var column, ENTRY_COLUMNS, ROW_COLUMNS, EVENT_COLUMNS, LOCK_COLUMNS;
var init_history_columns = __esmMin(() => {
	column = (name, type, required = false) => ({
		name,
		type,
		required
	});
	ENTRY_COLUMNS = [
		column("id", "key", true),
		column("version", "text"),
		column("name", "text", true),
		column("kind", "text", true),
		column("state", "text", true),
		column("file", "text", true),
		column("checksum", "text"),
		column("raw_checksum", "text"),
		column("applied_order", "integer", true),
		column("finished_at", "integer")
	];
	ROW_COLUMNS = [
		...ENTRY_COLUMNS,
		column("statements_total", "integer"),
		column("statements_done", "integer", true),
		column("statement_hashes", "long", true),
		column("intent", "long"),
		column("cursors", "long", true),
		column("attempt", "integer", true),
		column("token", "integer", true),
		column("run_id", "text", true),
		column("username", "text", true),
		column("started_at", "integer", true),
		column("duration_ms", "integer"),
		column("result", "long"),
		column("error_code", "text"),
		column("error", "long"),
		column("down_source", "long"),
		column("tool_version", "text", true)
	];
	EVENT_COLUMNS = [
		column("seq", "integer", true),
		column("at", "integer", true),
		column("run_id", "text", true),
		column("actor", "text", true),
		column("action", "text", true),
		column("id", "text"),
		column("detail", "long"),
		column("prev_hash", "text", true),
		column("hash", "text", true)
	];
	LOCK_COLUMNS = [
		column("id", "integer", true),
		column("layout", "integer", true),
		column("token", "integer", true),
		column("run_id", "text"),
		column("username", "text"),
		column("host", "text"),
		column("pid", "integer"),
		column("process_key", "text"),
		column("backend", "text"),
		column("since", "integer"),
		column("heartbeat", "integer"),
		column("expires", "integer")
	];
});
// ../../sql/src/on-demand.ts
/** An object whose properties are each made when it is first read: a start with nothing to do reads two or three. */
function onDemand(makers) {
	const made = {};
	for (const key of Object.keys(makers)) Object.defineProperty(made, key, {
		enumerable: true,
		configurable: true,
		get: () => {
			const value = makers[key](made);
			Object.defineProperty(made, key, {
				value,
				enumerable: true
			});
			return value;
		}
	});
	return made;
}
var init_on_demand = __esmMin(() => {});
// ../../sql/src/quote.ts
/** The parts quoted and joined by dots: schema, table. Throws `CONFIG` for a name that the database cannot have. */
function quoteIdent(dialect, ...parts) {
	if (parts.length === 0) throw misuse("A quoted identifier needs at least one name.");
	return parts.map((part) => quotePart(dialect, part)).join(".");
}
/** A string as the database reads it back, whatever its mode. Throws `CONFIG` for a NUL character. */
function quoteLiteral(dialect, value) {
	if (value.includes("\0")) throw misuse("A literal holds a NUL character, which no database takes.");
	if (!value.includes("\\")) return `'${value.replaceAll("'", "''")}'`;
	switch (dialect.name) {
		case "sqlite": return `'${value.replaceAll("'", "''")}'`;
		case "postgres": return ` E'${value.replaceAll("'", "''").replaceAll("\\", "\\\\")}'`;
		case "mysql":
		case "mariadb": return `_utf8mb4 X'${Buffer.from(value, "utf8").toString("hex")}'`;
	}
}
function quotePart(dialect, name) {
	if (name === "") throw misuse("An identifier is empty.", "Give the schema or table a name, or leave the option out.");
	if (name.includes("\0")) throw misuse("An identifier holds a NUL character, which no database takes.");
	if (!name.isWellFormed()) throw misuse(`The identifier ${JSON.stringify(name)} is no valid Unicode text.`);
	const { identifierLimit: limit, quote } = dialect;
	if (limit !== null) {
		const length = limit.unit === "bytes" ? Buffer.byteLength(name) : name.length;
		if (length > limit.length) throw misuse(`The identifier ${JSON.stringify(name)} has ${length} ${limit.unit}; ${dialect.name} allows ${limit.length}.`, "Choose a shorter name.");
	}
	return `${quote}${name.replaceAll(quote, quote + quote)}${quote}`;
}
var init_quote = __esmMin(() => {
	init_src$3();
});
// ../../sql/src/history.ts
/** Throws `CONFIG` when the database cannot have tables of these names. */
function historyStatements(dialect, place) {
	const { table, schema } = place;
	if (table === "") throw misuse("The name of the history table is empty.", "Leave `table` out for schema_version.");
	const tableNames = {
		history: table,
		event: `${table}_event`,
		lock: `${table}_lock`
	};
	const qualify = (name) => schema === null ? quoteIdent(dialect, name) : quoteIdent(dialect, schema, name);
	const tables = {
		history: qualify(tableNames.history),
		event: qualify(tableNames.event),
		lock: qualify(tableNames.lock)
	};
	const names = (columns) => columns.map(({ name }) => quoteIdent(dialect, name)).join(", ");
	const parameter = parameters$2(dialect);
	const id = quoteIdent(dialect, "id");
	const token = quoteIdent(dialect, "token");
	const layout = quoteIdent(dialect, "layout");
	const seq = quoteIdent(dialect, "seq");
	const createTable = (name, columns, key) => {
		return `CREATE TABLE IF NOT EXISTS ${name} (\n${columns.map((column) => {
			const primary = column.name === key ? " PRIMARY KEY" : "";
			return `  ${quoteIdent(dialect, column.name)} ${columnType(dialect, column.type)}${column.required ? " NOT NULL" : ""}${primary}`;
		}).join(",\n")}\n)${tableOptions(dialect)}`;
	};
	const insertFenced = (verb, name, columns) => {
		const values = columns.map((column, index) => parameter(index + 1, column)).join(", ");
		const fence = parameter(columns.length + 1, {
			name: "token",
			type: "integer",
			required: true
		});
		return `${verb} INTO ${name} (${names(columns)}) SELECT ${values} FROM ${tables.lock} WHERE ${id} = 1 AND ${token} = ${fence}`;
	};
	const insert = (verb, name, columns) => {
		const values = columns.map((column, index) => parameter(index + 1, column)).join(", ");
		return `${verb} INTO ${name} (${names(columns)}) VALUES (${values})`;
	};
	return onDemand({
		tables: () => tables,
		tableNames: () => tableNames,
		createLock: () => [createTable(tables.lock, LOCK_COLUMNS, "id"), insertOnce(dialect, `INTO ${tables.lock} (${id}, ${layout}, ${token}) VALUES (1, 1, 0)`)],
		create: (made) => [
			...made.createLock,
			createTable(tables.event, EVENT_COLUMNS, "seq"),
			createTable(tables.history, ROW_COLUMNS, "id")
		],
		upgrade: () => (from) => {
			checkLayout(from, tables.history);
			return [];
		},
		read: () => `SELECT ${ENTRY_COLUMNS.map(({ name }) => `h.${quoteIdent(dialect, name)}`).join(", ")}, l.${layout} FROM ${tables.history} h LEFT JOIN ${tables.lock} l ON l.${id} = 1 ORDER BY h.${quoteIdent(dialect, "applied_order")}`,
		readLock: () => `SELECT ${names(LOCK_COLUMNS)} FROM ${tables.lock} WHERE ${id} = 1`,
		load: () => `SELECT ${names(ROW_COLUMNS)} FROM ${tables.history} WHERE ${id} = ${dialect.placeholder === "dollar" ? "$1" : "?"}`,
		save: () => saveRow(dialect, (verb) => insertFenced(verb, tables.history, ROW_COLUMNS)),
		append: () => insertFenced("INSERT", tables.event, EVENT_COLUMNS),
		saveFenced: () => saveRow(dialect, (verb) => insert(verb, tables.history, ROW_COLUMNS)),
		appendFenced: () => insert("INSERT", tables.event, EVENT_COLUMNS),
		lastEvent: () => `SELECT ${seq}, ${quoteIdent(dialect, "hash")} FROM ${tables.event} ORDER BY ${seq} DESC LIMIT 1`,
		events: () => `SELECT ${names(EVENT_COLUMNS)} FROM ${tables.event} ORDER BY ${seq} DESC LIMIT ${dialect.placeholder === "dollar" ? "$1" : "?"}`
	});
}
/** Throws `HISTORY_NEWER` for a layout that this version of Detent does not know. `null`, where the lock's row is gone, passes. */
function checkLayout(layout, table) {
	const found = Number(layout);
	if (layout === null || layout === void 0 || found <= 1) return;
	throw new DetentError("HISTORY_NEWER", `The history ${table} was written by a newer Detent (layout ${found}, this one knows 1).`, {
		hint: "Use the newer version here too.",
		facts: {
			layout: found,
			known: 1
		}
	});
}
/** Throws `HISTORY_FOREIGN` when a table of this name has other columns than Detent gave it. */
function checkColumns(columns, table) {
	const found = new Set(columns.map((name) => name.toLowerCase()));
	const missing = ROW_COLUMNS.filter(({ name }) => !found.has(name));
	if (missing.length === 0) return;
	throw new DetentError("HISTORY_FOREIGN", `The table ${table} is not a history of Detent: it has the columns ${columns.join(", ")}.`, {
		hint: "Give Detent a table of its own with the option `table`, or take the other one out of the way.",
		facts: {
			columns: [...columns],
			missing: missing.map(({ name }) => name)
		}
	});
}
function parameters$2(dialect) {
	return dialect.placeholder === "dollar" ? (index, { type }) => `$${index}::${columnType(dialect, type)}` : () => "?";
}
function saveRow(dialect, insert) {
	const replaced = ROW_COLUMNS.filter(({ name }) => name !== "id").map(({ name }) => quoteIdent(dialect, name));
	switch (dialect.name) {
		case "sqlite": return insert("INSERT OR REPLACE");
		case "postgres": return `${insert("INSERT")} ON CONFLICT (${quoteIdent(dialect, "id")}) DO UPDATE SET ${replaced.map((name) => `${name} = excluded.${name}`).join(", ")}`;
		case "mysql":
		case "mariadb": return `${insert("INSERT")} ON DUPLICATE KEY UPDATE ${replaced.map((name) => `${name} = VALUES(${name})`).join(", ")}`;
	}
}
function insertOnce(dialect, rest) {
	switch (dialect.name) {
		case "postgres":
		case "sqlite": return `INSERT ${rest} ON CONFLICT DO NOTHING`;
		case "mysql":
		case "mariadb": return `INSERT IGNORE ${rest}`;
	}
}
function tableOptions(dialect) {
	switch (dialect.name) {
		case "postgres":
		case "sqlite": return "";
		case "mysql":
		case "mariadb": return " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";
	}
}
var init_history$2 = __esmMin(() => {
	init_src$3();
	init_history_columns();
	init_on_demand();
	init_quote();
});
// ../../sql/src/history-row.ts
/** In the order of `ROW_COLUMNS`. */
function rowValues(row) {
	return [
		row.id,
		row.version,
		row.name,
		row.kind,
		row.state,
		row.file,
		row.checksum,
		row.rawChecksum,
		row.appliedOrder,
		row.finishedAt,
		row.statementsTotal,
		row.statementsDone,
		JSON.stringify(row.statementHashes),
		row.intent === null ? null : JSON.stringify(row.intent),
		JSON.stringify(row.cursors),
		row.attempt,
		row.token,
		row.runId,
		row.username,
		row.startedAt,
		row.durationMs,
		row.result,
		row.errorCode,
		row.error,
		row.downSource,
		row.toolVersion
	];
}
/** In the order of `EVENT_COLUMNS`. */
function eventValues(event) {
	return [
		event.seq,
		event.at,
		event.runId,
		event.actor,
		event.action,
		event.id,
		event.detail,
		event.previousHash,
		event.hash
	];
}
/** Throws `HISTORY_DAMAGED` naming the row and the column. */
function toEntry(row) {
	const { id, version, name, kind, state, file, checksum, raw_checksum: rawChecksum } = row;
	return {
		id: text(row, "id", id),
		version: textOrNull$1(row, "version", version),
		name: text(row, "name", name),
		kind: isKind(kind) ? kind : damaged$1(row, "kind", kind),
		state: isState(state) ? state : damaged$1(row, "state", state),
		file: text(row, "file", file),
		checksum: textOrNull$1(row, "checksum", checksum),
		rawChecksum: textOrNull$1(row, "raw_checksum", rawChecksum),
		appliedOrder: integer(row, "applied_order"),
		finishedAt: integerOrNull(row, "finished_at")
	};
}
/** Throws `HISTORY_DAMAGED` naming the row and the column. */
function toRow(row) {
	return {
		...toEntry(row),
		statementsTotal: integerOrNull(row, "statements_total"),
		statementsDone: integer(row, "statements_done"),
		statementHashes: json(row, "statement_hashes", isTexts),
		intent: row["intent"] === null ? null : json(row, "intent", isIntent),
		cursors: json(row, "cursors", isRecord),
		attempt: integer(row, "attempt"),
		token: integer(row, "token"),
		runId: text(row, "run_id", row["run_id"]),
		username: text(row, "username", row["username"]),
		startedAt: integer(row, "started_at"),
		durationMs: integerOrNull(row, "duration_ms"),
		result: textOrNull$1(row, "result", row["result"]),
		errorCode: textOrNull$1(row, "error_code", row["error_code"]),
		error: textOrNull$1(row, "error", row["error"]),
		downSource: textOrNull$1(row, "down_source", row["down_source"]),
		toolVersion: text(row, "tool_version", row["tool_version"])
	};
}
/** Throws `HISTORY_DAMAGED` naming the event and the column. */
function toEvent(row) {
	return {
		seq: integer(row, "seq"),
		at: integer(row, "at"),
		runId: text(row, "run_id", row["run_id"]),
		actor: text(row, "actor", row["actor"]),
		action: text(row, "action", row["action"]),
		id: textOrNull$1(row, "id", row["id"]),
		detail: textOrNull$1(row, "detail", row["detail"]),
		previousHash: text(row, "prev_hash", row["prev_hash"]),
		hash: text(row, "hash", row["hash"])
	};
}
function isState(value) {
	return typeof value === "string" && Object.hasOwn(STATES, value);
}
function isKind(value) {
	return value === "versioned" || value === "repeatable";
}
function text(row, column, value) {
	return typeof value === "string" ? value : damaged$1(row, column, value);
}
function textOrNull$1(row, column, value) {
	return value === null ? null : text(row, column, value);
}
/** Drivers give big integers as numbers, bigints or digits. */
function integer(row, column) {
	const value = row[column];
	if (typeof value === "number" && Number.isSafeInteger(value)) return value;
	const number = typeof value === "bigint" || typeof value === "string" && /^-?\d+$/.test(value) ? Number(value) : NaN;
	return Number.isSafeInteger(number) ? number : damaged$1(row, column, value);
}
function integerOrNull(row, column) {
	return row[column] === null ? null : integer(row, column);
}
function json(row, column, fits) {
	const written = text(row, column, row[column]);
	let value;
	try {
		value = JSON.parse(written);
	} catch (cause) {
		return damaged$1(row, column, written, cause);
	}
	return fits(value) ? value : damaged$1(row, column, written);
}
function isRecord(value) {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
function isTexts(value) {
	return Array.isArray(value) && value.every((item) => typeof item === "string");
}
function isIntent(value) {
	if (!isRecord(value)) return false;
	const { statement, hash, direction, kind, fingerprint, scope, after, idempotent } = value;
	return (statement === null || Number.isSafeInteger(statement)) && (hash === null || typeof hash === "string") && (direction === "up" || direction === "down") && (kind === "ddl" || kind === "data" || kind === "code" || kind === "unseen") && typeof fingerprint === "string" && (scope === null || typeof scope === "string") && (after === null || typeof after === "string") && typeof idempotent === "boolean";
}
function damaged$1(row, column, value, cause) {
	const key = row["seq"] === void 0 ? row["id"] : row["seq"];
	const shown = value === void 0 ? "is missing" : `holds ${JSON.stringify(value, plainBigint).slice(0, 80)}`;
	throw new DetentError("HISTORY_DAMAGED", `In the history's row ${String(key)} the column ${column} ${shown}, which Detent never writes.`, {
		hint: "Correct the value by hand, or put the history table back from a backup.",
		facts: {
			row: String(key),
			column
		},
		cause
	});
}
function plainBigint(_key, value) {
	return typeof value === "bigint" ? value.toString() : value;
}
var STATES;
var init_history_row = __esmMin(() => {
	init_src$3();
	STATES = {
		running: true,
		applied: true,
		failed: true,
		rolling_back: true,
		rolled_back: true,
		restoring: true,
		unknown: true,
		baseline: true
	};
});
// ../../sql/src/normalize.ts
/**
* One form for statements that mean the same, for fingerprints: comments and white space dropped, words in lower case,
* identifiers without quotes where that changes nothing, strings as they are. Not meant to be sent.
*/
function normalizeSql(text, dialect) {
	const lexer = new Lexer(openSource(text, "sql"), dialect);
	let out = "";
	let previous = "";
	for (let kind = lexer.next(); kind !== "end"; kind = lexer.next()) {
		let token;
		switch (kind) {
			case "comment": continue;
			case "word":
			case "number":
				token = lower$1(lexer.text);
				break;
			case "quoted":
				token = canonicalName(lexer.text, dialect, previous);
				break;
			case "string":
			case "operator":
			case "conditional":
			case "terminator":
			case "meta": token = lexer.text;
		}
		if (needsSpace(previous, token)) out += " ";
		out += token;
		previous = token;
	}
	return out.replace(/;+$/, "");
}
function canonicalName(quoted, dialect, previous) {
	const open = quoted[0] ?? "";
	const close = open === "[" ? "]" : open;
	const inner = quoted.slice(1, -1);
	const name = close === "]" ? inner : inner.replaceAll(close + close, close);
	const folded = dialect.name !== "postgres" && (open !== "\"" || BEFORE_NAMES.has(previous)) ? lower$1(name) : name;
	return PLAIN.test(folded) && folded === lower$1(folded) && !dialect.valueWords.has(folded) ? folded : `"${name.replaceAll("\"", "\"\"")}"`;
}
/** ASCII letters only: beyond them SQLite and PostgreSQL tell names apart. */
function lower$1(name) {
	return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
function needsSpace(previous, token) {
	return isWordy(previous.at(-1)) && isWordy(token[0]);
}
function isWordy(character) {
	return character !== void 0 && (/[\w$'"`]/.test(character) || character >= "");
}
var BEFORE_NAMES, PLAIN;
var init_normalize = __esmMin(() => {
	init_lexer();
	init_source();
	BEFORE_NAMES = /* @__PURE__ */ new Set([
		"table",
		"index",
		"view",
		"trigger",
		"on",
		"references",
		"into",
		"from",
		"join",
		"update",
		"exists",
		"."
	]);
	PLAIN = /^[A-Za-z_][A-Za-z0-9_$]*$/;
});
// ../../sql/src/directive.ts
/** How the splitter treats a comment; cheap, as it is asked for every one. */
function useOf(comment, ownLine) {
	const [, dialect, rest = ""] = COMMENT.exec(comment) ?? [];
	if (dialect === void 0) return "skip";
	if (dialect.toLowerCase() === "detent:") return ownLine && /^(up|down)$/i.test(rest) ? "cut" : "report";
	if (!ownLine) return "skip";
	if (dialect.toLowerCase() === "migrate:" || /^(up|down)$/i.test(rest)) return "cut";
	if (/^StatementBegin$/i.test(rest)) return "open";
	return /^StatementEnd$/i.test(rest) ? "close" : "report";
}
/** Reads a comment that `useOf` did not skip. `fail` makes the error, with its place. */
function readDirective(comment, ownLine, fail) {
	const [, dialect = "", rest = ""] = COMMENT.exec(comment) ?? [];
	switch (dialect.toLowerCase()) {
		case "detent:": return readOwn(rest, ownLine, fail);
		case "migrate:": return readDbmate(rest, fail);
		default: return readGoose(rest, fail);
	}
}
function readOwn(rest, ownLine, fail) {
	const [name = "", ...values] = rest.split(/\s+/);
	const text = values.join(" ");
	switch (name.toLowerCase()) {
		case "up":
		case "down":
			if (text !== "" || !ownLine) throw fail(`detent:${name} takes nothing behind it and stands on a line of its own.`, `Write "-- detent:${name}".`);
			return {
				kind: "section",
				direction: name.toLowerCase() === "up" ? "up" : "down",
				directives: {}
			};
		case "transaction":
			if (text !== "none" && text !== "each") throw fail(`detent:transaction is "${text}"${didYouMean(text, ["none", "each"])}.`, "Write \"-- detent:transaction none\" or \"-- detent:transaction each\".");
			return {
				kind: "settings",
				directives: { transaction: text }
			};
		case "timeout": return {
			kind: "settings",
			directives: readTimeouts(values, fail)
		};
		case "idempotent":
			if (text !== "") throw fail(`detent:idempotent takes nothing behind it, and "${text}" is there.`, "Write \"-- detent:idempotent\".");
			return {
				kind: "settings",
				directives: { idempotent: true }
			};
		case "allow": return {
			kind: "settings",
			directives: { allow: readAllowed(text, fail) }
		};
		default: throw fail(`"detent:${name}" is no directive${didYouMean(name, NAMES$1)}.`, `The directives are ${NAMES$1.map((known) => `detent:${known}`).join(", ")}.`);
	}
}
function readTimeouts(values, fail) {
	const hint = "Write e.g. \"-- detent:timeout lock=3s statement=0\"; 0 is no limit, units are ms, s, m and h.";
	if (values.length === 0) throw fail("detent:timeout says no time.", hint);
	const found = {};
	for (const value of values) {
		const [, name = "", amount = "", unit = ""] = /^(\w+)=(\d+(?:\.\d+)?)(\w*)$/.exec(value) ?? [];
		const factor = amount === "0" && unit === "" ? 0 : UNITS[unit.toLowerCase()];
		if (factor === void 0) throw fail(`detent:timeout cannot read "${value}".`, hint);
		const ms = Math.round(Number(amount) * factor);
		if (name === "lock") found.lockTimeoutMs = ms;
		else if (name === "statement") found.statementTimeoutMs = ms;
		else throw fail(`detent:timeout knows no "${name}"${didYouMean(name, ["lock", "statement"])}.`, hint);
	}
	return found;
}
function readAllowed(text, fail) {
	const names = text.split(/[\s,]+/).filter((name) => name !== "");
	const hint = `Choose from ${DESTRUCTIONS.join(", ")}.`;
	if (names.length === 0) throw fail("detent:allow names nothing.", hint);
	for (const name of names) if (!DESTRUCTIONS.some((known) => known === name)) throw fail(`detent:allow knows no "${name}"${didYouMean(name, DESTRUCTIONS)}.`, hint);
	return names;
}
function readGoose(rest, fail) {
	switch (rest.toLowerCase().replaceAll(/\s+/g, " ")) {
		case "up":
		case "down": return {
			kind: "section",
			direction: rest.toLowerCase() === "up" ? "up" : "down",
			directives: {}
		};
		case "statementbegin": return {
			kind: "statement",
			edge: "begin"
		};
		case "statementend": return {
			kind: "statement",
			edge: "end"
		};
		case "no transaction": return {
			kind: "settings",
			directives: { transaction: "none" }
		};
		default: throw fail(`"+goose ${rest}" is not understood${didYouMean(rest, [
			"Up",
			"Down",
			"StatementBegin",
			"StatementEnd",
			"NO TRANSACTION"
		])}.`, "Understood are +goose Up, Down, StatementBegin, StatementEnd and NO TRANSACTION.");
	}
}
function readDbmate(rest, fail) {
	const [direction = "", ...options] = rest.split(/\s+/);
	for (const option of options) if (!/^transaction:(true|false)$/i.test(option)) throw fail(`"migrate:${direction}" does not know "${option}".`, "It knows transaction:false and transaction:true.");
	const none = options.some((option) => option.toLowerCase() === "transaction:false");
	return {
		kind: "section",
		direction: direction.toLowerCase() === "up" ? "up" : "down",
		directives: none ? { transaction: "none" } : {}
	};
}
var COMMENT, NAMES$1, UNITS;
var init_directive = __esmMin(() => {
	init_src$3();
	init_destroys();
	COMMENT = /^(?:--+|#+)\s*(detent:|\+goose\b|migrate:(?=(?:up|down)\b))\s*(.*?)\s*$/i;
	NAMES$1 = [
		"up",
		"down",
		"transaction",
		"timeout",
		"idempotent",
		"allow"
	];
	UNITS = {
		ms: 1,
		s: 1e3,
		m: 6e4,
		min: 6e4,
		h: 36e5
	};
});
// ../../sql/src/placeholders.ts
/**
* The statement at `start` with `${name}`, `${ident:name}` and `${literal:name}` filled in, everywhere but in comments.
* Values are put in after the text was split, so none can begin another statement. Throws `PLACEHOLDER`.
*/
function fillPlaceholders(source, dialect, start, end, values) {
	const text = source.text.slice(start, end);
	if (!text.includes("${")) return text;
	const comments = commentsIn(text, dialect);
	return text.replaceAll(PLACEHOLDER, (written, inner, at) => {
		if (comments.some((comment) => comment.start <= at && at < comment.end)) return written;
		return valueOf$1(inner, dialect, values, (message, hint) => {
			return new DetentError("PLACEHOLDER", message, {
				hint,
				facts: { place: source.place(start + at) }
			});
		});
	});
}
function valueOf$1(inner, dialect, values, fail) {
	const [, kind = "", name = ""] = /^\s*(?:(\w+)\s*:)?\s*(.*?)\s*$/s.exec(inner) ?? [];
	const value = Object.hasOwn(values, name) ? values[name] : void 0;
	if (value === void 0) {
		const known = Object.keys(values);
		throw fail(`There is no value for the placeholder "${name}"${didYouMean(name, known)}.`, known.length === 0 ? "Give it in `placeholders` in the config." : `Give it in \`placeholders\` in the config; it has ${known.join(", ")}.`);
	}
	switch (kind) {
		case "ident": return quoteIdent(dialect, value);
		case "literal": return quoteLiteral(dialect, value);
		case "":
			if (!UNSAFE$1.test(value)) return value;
			throw fail(`The value of the placeholder "${name}" holds a quote, a semicolon, a backslash or a comment mark.`, `Write \${literal:${name}} for a string or \${ident:${name}} for a name; both are quoted for you.`);
		default: throw fail(`"${kind}" is no kind of placeholder${didYouMean(kind, ["ident", "literal"])}.`, `Write \${ident:${name}}, \${literal:${name}} or \${${name}}.`);
	}
}
function commentsIn(text, dialect) {
	const lexer = new Lexer(openSource(text, "statement"), dialect);
	const comments = [];
	for (let kind = lexer.next(); kind !== "end"; kind = lexer.next()) if (kind === "comment") comments.push({
		start: lexer.start,
		end: lexer.end
	});
	return comments;
}
var PLACEHOLDER, UNSAFE$1;
var init_placeholders = __esmMin(() => {
	init_src$3();
	init_lexer();
	init_quote();
	init_source();
	PLACEHOLDER = /\$\{([^{}]*)\}/g;
	UNSAFE$1 = /['"`;\\]|--|\/\*|\*\//;
});
// ../../sql/src/section.ts
/** What shows only when the statements of one direction are seen together. */
function finishSection(statements, dialect, ownTransaction) {
	const known = excuseReplacedTables(separateNewEnumValues(statements, dialect), dialect);
	return ownTransaction === "keep" ? {
		statements: known,
		notes: []
	} : takeOverTransaction(known, dialect);
}
/** A file that wraps itself in BEGIN and COMMIT means what Detent does anyway. Settings may stand before and after. */
function takeOverTransaction(statements, dialect) {
	const unchanged = {
		statements,
		notes: []
	};
	const controls = statements.filter(({ kind }) => kind === "transaction");
	const [begin, commit] = controls;
	if (begin === void 0 || commit === void 0 || controls.length !== 2) return unchanged;
	if (![...statements.slice(0, statements.indexOf(begin)), ...statements.slice(statements.indexOf(commit) + 1)].every(({ kind }) => kind === "session" || kind === "query")) return unchanged;
	if (!PLAIN_BEGIN.test(wordsOf$1(begin, dialect)) || !PLAIN_COMMIT.test(wordsOf$1(commit, dialect))) return unchanged;
	return {
		statements: statements.filter(({ kind }) => kind !== "transaction"),
		notes: [{
			message: `${begin.text} and ${commit.text} of the file were taken over by Detent's own transaction.`,
			line: begin.line
		}]
	};
}
function wordsOf$1(statement, dialect) {
	const reader = readStatement(statement.text, dialect);
	return [
		0,
		1,
		2,
		3
	].map((index) => reader.at(index)).join(" ").trim();
}
/** A table that is dropped to put another in its place, or that this same section made, loses nothing. */
function excuseReplacedTables(statements, dialect) {
	if (!statements.some(({ destroys }) => destroys === "drop-table")) return statements;
	const madeAt = /* @__PURE__ */ new Map();
	const replacedAt = /* @__PURE__ */ new Map();
	const readers = statements.map(({ text, kind }) => kind === "ddl" ? readStatement(text, dialect) : null);
	readers.forEach((reader, index) => {
		if (reader === null) return;
		const made = madeTable(reader);
		if (made !== null && !madeAt.has(made)) madeAt.set(made, index);
		const renamed = renamedTo(reader);
		if (renamed !== null) replacedAt.set(renamed, index);
	});
	return statements.map((statement, index) => {
		const reader = readers[index] ?? null;
		const name = statement.destroys !== "drop-table" || reader === null ? null : droppedTable(reader);
		if (name === null) return statement;
		return (replacedAt.get(name) ?? -1) > index || (madeAt.get(name) ?? Infinity) < index ? {
			...statement,
			destroys: null
		} : statement;
	});
}
/** `null` when several are dropped. */
function droppedTable(reader) {
	const [name, behind] = lastPart(reader, reader.at(2) === "IF" ? 4 : 2);
	return behind === "" || behind === "CASCADE" || behind === "RESTRICT" ? name : null;
}
function renamedTo(reader) {
	if (reader.at(0) !== "ALTER" || reader.at(1) !== "TABLE") return null;
	let name = null;
	let named = false;
	reader.some((token, previous) => {
		if (named) name = nameOf$1(token);
		named = token === "TO" && previous === "RENAME";
		return name !== null;
	});
	return name;
}
function madeTable(reader) {
	if (reader.at(0) !== "CREATE") return null;
	let at = 1;
	while ([
		"TEMP",
		"TEMPORARY",
		"UNLOGGED",
		"OR",
		"REPLACE"
	].includes(reader.at(at))) at += 1;
	return reader.at(at) === "TABLE" && reader.at(at + 1) !== "IF" ? lastPart(reader, at + 1)[0] : null;
}
/** The last part of a dotted name at an index, and the token behind it. */
function lastPart(reader, index) {
	const at = reader.at(index + 1) === "." ? index + 2 : index;
	return [nameOf$1(reader.at(at)), reader.at(at + 1)];
}
/** PostgreSQL: a new value of an enum cannot be used in the transaction that adds it. */
function separateNewEnumValues(statements, dialect) {
	if (dialect.name !== "postgres") return statements;
	return statements.map((statement, index) => {
		const [, value] = /^\s*alter\s+type\b[^;]*?\badd\s+value\s+(?:if\s+not\s+exists\s+)?('(?:[^']|'')*')/i.exec(statement.text) ?? [];
		return value !== void 0 && statements.slice(index + 1).some(({ text }) => text.includes(value)) ? {
			...statement,
			transactional: false
		} : statement;
	});
}
var PLAIN_BEGIN, PLAIN_COMMIT;
var init_section = __esmMin(() => {
	init_statement_reader();
	PLAIN_BEGIN = /^(BEGIN( (DEFERRED|IMMEDIATE|EXCLUSIVE))?( TRANSACTION| WORK)?|START TRANSACTION)$/;
	PLAIN_COMMIT = /^(COMMIT|END)( TRANSACTION| WORK)?$/;
});
// ../../sql/src/routine.ts
/**
* MySQL and MariaDB: `BEGIN … END`, `IF … END IF`, `CASE`, `LOOP`, `WHILE`, `REPEAT`, `FOR` in a routine, trigger or
* event, or by itself where the server has bare blocks. BEGIN and END are no reserved words there, so that both count
* only where a statement would begin.
*/
function routineBody(first, firstToken, bareBlocks) {
	const bare = bareBlocks && first !== null && OPENERS.has(first);
	if (!bare && first !== "CREATE" && first !== "ALTER" && firstToken.kind !== "conditional") return null;
	let phase = bare ? "body" : "kind";
	let kind = "";
	let parentheses = 0;
	let headIsOver = false;
	/** `BEGIN` by itself begins a transaction; only `NOT ATOMIC` after it makes it a block. */
	let doubtful = null;
	const blocks = [];
	let begin = null;
	let previous = bare ? ";" : "";
	/** The first word of the statement that is being read inside the body. */
	let verb = "";
	const push = (block, start) => {
		if (blocks.length === 0) begin = start;
		blocks.push(block);
	};
	const pop = () => {
		blocks.pop();
		if (blocks.length > 0) return;
		begin = null;
		phase = "other";
	};
	const takeKind = (token) => {
		if (KINDS.has(token)) {
			kind = token;
			phase = "head";
		} else if (BODILESS.has(token) || token === "USER" && previous === "CREATE") phase = "other";
	};
	const takeHead = (token, start) => {
		if (token === "(") parentheses += 1;
		else if (token === ")") parentheses -= 1;
		if (parentheses > 0) return;
		const routine = kind === "PROCEDURE" || kind === "FUNCTION";
		if (headIsOver) {
			if (OPENERS.has(token) && token !== "FOR") {
				phase = "body";
				push("statement", start);
				verb = token;
			} else if (VERBS.has(token) || token === "SET" && !(routine && (previous === "RETURNS" || previous === "CHARACTER"))) phase = "other";
		} else if (kind === "TRIGGER") headIsOver = token === "ROW" && previous === "EACH";
		else if (kind === "EVENT") headIsOver = token === "DO";
		else headIsOver = token === ")";
	};
	const atStart = () => {
		if (previous === ";" || previous === "BEGIN" || previous === ":" || previous === "ATOMIC") return true;
		if (blocks.at(-1) === "expression") return false;
		return previous === "THEN" || previous === "ELSE" || previous === "LOOP" || previous === "REPEAT" || previous === "DO" && verb !== "DO";
	};
	const takeBody = (token, start) => {
		const starts = atStart();
		if (token === "END") {
			const afterValue = previous !== "." && !BEFORE_VALUES.has(previous) && (previous.length > 1 || previous === ")" || /\w/.test(previous));
			if (starts || (blocks.at(-1) === "expression" || verb === "UNTIL") && afterValue) pop();
		} else if (OPENERS.has(token)) {
			const handles = verb === "DECLARE" && CONDITIONS.has(previous);
			if (starts || handles) push("statement", start);
			else if (token === "BEGIN" && verb === "DECLARE") push("statement", start);
			else if (token === "CASE" && previous !== "END") push("expression", start);
		}
		if (starts) verb = token;
	};
	return {
		take(lexer) {
			if (phase === "other") return;
			const token = tokenName(lexer);
			if (token === "conditional") return;
			if (doubtful !== null) {
				if (token === "NOT") push("statement", doubtful);
				else phase = "other";
				doubtful = null;
			} else if (bare && blocks.length === 0 && token === "BEGIN") doubtful = lexer.start;
			else if (phase === "kind") takeKind(token);
			else if (phase === "head") takeHead(token, lexer.start);
			else if (phase === "body") takeBody(token, lexer.start);
			previous = token;
		},
		open: () => begin
	};
}
function tokenName(lexer) {
	switch (lexer.kind) {
		case "word": return lexer.upper;
		case "operator": return lexer.text;
		case "terminator": return ";";
		case "quoted":
		case "string":
		case "number":
		case "conditional":
		case "comment":
		case "meta":
		case "end": return lexer.kind;
	}
}
var OPENERS, KINDS, BODILESS, VERBS, BEFORE_VALUES, CONDITIONS;
var init_routine = __esmMin(() => {
	OPENERS = /* @__PURE__ */ new Set([
		"BEGIN",
		"IF",
		"CASE",
		"LOOP",
		"WHILE",
		"REPEAT",
		"FOR"
	]);
	KINDS = /* @__PURE__ */ new Set([
		"PROCEDURE",
		"FUNCTION",
		"TRIGGER",
		"EVENT"
	]);
	BODILESS = new Set("TABLE INDEX VIEW DATABASE SCHEMA SERVER TABLESPACE ROLE SEQUENCE LOGFILE SPATIAL RESOURCE UNDO FULLTEXT PACKAGE".split(" "));
	VERBS = new Set(`SELECT INSERT UPDATE DELETE CALL RETURN REPLACE DO CREATE DROP ALTER WITH TRUNCATE RENAME SIGNAL EXECUTE PREPARE
   LOAD FLUSH ANALYZE OPTIMIZE GRANT REVOKE SONAME VALUES KILL`.split(/\s+/));
	BEFORE_VALUES = new Set("CASE WHEN THEN ELSE AND OR XOR NOT LIKE BETWEEN IS IN DIV MOD AS UNTIL BY SELECT".split(" "));
	CONDITIONS = /* @__PURE__ */ new Set([
		"FOUND",
		"SQLEXCEPTION",
		"SQLWARNING",
		"string",
		"number"
	]);
});
// ../../sql/src/body.ts
/** For a statement whose first token `lexer` has just read; `null` when such a statement has no body. */
function openBody(dialect, lexer) {
	const word = lexer.kind === "word" ? lexer.upper : null;
	switch (dialect.bodies) {
		case "trigger": return word === "CREATE" ? triggerBody() : null;
		case "atomic": return word === "CREATE" ? atomicBody() : null;
		case "routine": return routineBody(word, lexer, dialect.bareBlocks);
	}
}
/**
* SQLite: a body is over at the `END` that stands where a statement would begin. `END` is an ordinary name
* elsewhere, and the end of `CASE`.
*/
function triggerBody() {
	let phase = "head";
	let begin = null;
	let statements = 0;
	let previous = "";
	return {
		take(lexer) {
			const token = lexer.kind === "word" ? lexer.upper : lexer.kind;
			if (phase === "head") {
				if (token === "TRIGGER") phase = "trigger";
				else if (token !== "CREATE" && token !== "TEMP" && token !== "TEMPORARY") phase = "other";
			} else if (phase === "trigger") {
				if (token === "BEGIN" && statements === 0) begin = lexer.start;
				else if (token === "END" && (previous === "terminator" || previous === "BEGIN")) {
					begin = null;
					phase = "other";
				}
				if (token === "terminator") statements += 1;
			}
			previous = token;
		},
		open: () => begin
	};
}
/**
* PostgreSQL: `BEGIN ATOMIC … END` of a function, and the parentheses of a rule. Each statement of the body has its
* semicolon, so only an END behind one closes it: another belongs to a CASE, or is the name of a column.
*/
function atomicBody() {
	let phase = "head";
	let begin = null;
	let depth = 0;
	let previous = "";
	let previousStart = 0;
	const takeFunction = (token) => {
		if (begin !== null) {
			if (token === "END" && (previous === "terminator" || previous === "ATOMIC")) {
				begin = null;
				phase = "other";
			}
		} else if (token === "(") depth += 1;
		else if (token === ")") depth -= 1;
		else if (depth === 0 && token === "ATOMIC" && previous === "BEGIN") begin = previousStart;
	};
	const takeRule = (token, start) => {
		if (token === "(") {
			if (depth === 0) begin = start;
			depth += 1;
		} else if (token === ")" && depth > 0) {
			depth -= 1;
			if (depth === 0) begin = null;
		}
	};
	return {
		take(lexer) {
			if (phase === "other") return;
			const token = lexer.kind === "word" ? lexer.upper : lexer.kind === "operator" ? lexer.text : lexer.kind;
			if (phase === "function") takeFunction(token);
			else if (phase === "rule") takeRule(token, lexer.start);
			else if (token === "FUNCTION" || token === "PROCEDURE") phase = "function";
			else if (token === "RULE") phase = "rule";
			else if (token !== "CREATE" && token !== "OR" && token !== "REPLACE") phase = "other";
			previous = token;
			previousStart = lexer.start;
		},
		open: () => begin
	};
}
var init_body = __esmMin(() => {
	init_routine();
});
// ../../sql/src/splitter.ts
/** Statements and the comments that `useOf` wants, in the order of the text. */
function* splitPieces(source, dialect, useOf) {
	const { text } = source;
	const lexer = new Lexer(source, dialect);
	/** Of the statement that is being read; -1 between statements. */
	let start = -1;
	let end = 0;
	let body = null;
	let copy = null;
	/** Where the block opened that is one statement whatever it holds. */
	let block = null;
	const finish = () => {
		const open = body?.open() ?? null;
		if (open !== null) throw source.syntaxError(open, "The body that opens here is never closed.", "Close it with END, or with the missing parenthesis.");
		const piece = {
			kind: "statement",
			start,
			end,
			carriesData: copy?.fromStdin() ?? false
		};
		start = -1;
		body = null;
		copy = null;
		return piece;
	};
	const unopened = (at) => source.syntaxError(at, "No statement begins before this end.", "Add \"-- +goose StatementBegin\" before the statement.");
	const unclosed = (at) => source.syntaxError(at, "The statement that begins here has no end.", "Add \"-- +goose StatementEnd\" after it.");
	for (;;) {
		const kind = lexer.next();
		if (dialect.delimiterDirective && kind === "word" && lexer.end - lexer.start === 9 && lexer.upper === "DELIMITER") {
			const directive = readDelimiter(source, lexer.start, lexer.end, start === -1);
			if (directive !== null) {
				if (start !== -1) yield finish();
				lexer.delimiter = directive.token === ";" ? null : directive.token;
				lexer.end = directive.end;
				continue;
			}
		}
		switch (kind) {
			case "comment": {
				if (text.charCodeAt(lexer.start) === SLASH || body !== null && body.open() !== null) break;
				const comment = lexer.text;
				const ownLine = startsLine(text, lexer.start, source.from);
				const use = useOf(comment, ownLine);
				if (use === "skip") break;
				if (use !== "report") {
					if (block !== null !== (use === "close")) throw block === null ? unopened(lexer.start) : unclosed(block);
					if (start !== -1) {
						if (block !== null) end = withoutTerminator(text, start, end);
						if (end > start) yield finish();
						start = -1;
					}
					if (use === "cut") lexer.delimiter = null;
					block = use === "open" ? lexer.start : null;
				}
				yield {
					kind: "comment",
					start: lexer.start,
					text: comment,
					ownLine
				};
				break;
			}
			case "terminator":
				if (block === null && (body === null || body.open() === null)) {
					if (start === -1) break;
					const piece = finish();
					yield piece;
					if (piece.carriesData) lexer.end = skipCopyData(text, lexer.end);
					break;
				}
				body?.take(lexer);
				end = lexer.end;
				break;
			case "end":
				if (block !== null) throw unclosed(block);
				if (start !== -1) yield finish();
				return;
			case "meta": {
				const line = lineAt(text, lexer.start);
				if (start === -1 && /^\\(un)?restrict(\s|$)/.test(line) && startsLine(text, lexer.start, source.from)) {
					lexer.end = lexer.start + line.length;
					break;
				}
				throw source.syntaxError(lexer.start, `${/^\\\S*/.exec(line)?.[0] ?? "\\"} is a command of psql, not SQL.`, "Take it out; Detent sends statements to the server itself.");
			}
			case "word":
			case "quoted":
			case "string":
			case "number":
			case "operator":
			case "conditional":
				if (start === -1) {
					start = lexer.start;
					if (lexer.delimiter === null && block === null) body = openBody(dialect, lexer);
					if (dialect.psql && kind === "word" && lexer.upper === "COPY") copy = copyHead();
				}
				body?.take(lexer);
				copy?.take(lexer);
				end = lexer.end;
		}
	}
}
function copyHead() {
	let previous = "";
	let depth = 0;
	let found = false;
	return {
		take(lexer) {
			const token = lexer.kind === "word" ? lexer.upper : lexer.text;
			if (token === "(") depth += 1;
			if (token === ")") depth -= 1;
			if (token === "STDIN" && previous === "FROM" && depth === 0) found = true;
			previous = token;
		},
		fromStdin: () => found
	};
}
/** Past the line `\.`, or past the end: the data begin on the line after the statement. */
function skipCopyData(text, from) {
	let at = text.indexOf("\n", from);
	while (at !== -1) {
		const next = text.indexOf("\n", at + 1);
		const line = text.slice(at + 1, next === -1 ? text.length : next);
		if (line === "\\." || line === "\\.\r") return at + 1 + line.length;
		at = next;
	}
	return text.length;
}
/** `null` where the word is none: a name in a statement. A directive may also follow a statement that lacks its end. */
function readDelimiter(source, start, end, between) {
	if (!between && !startsLine(source.text, start, source.from)) return null;
	const line = lineAt(source.text, end);
	const [token] = /\S+/.exec(line) ?? [];
	if (token !== void 0 && (between || !/[\w\s'"`(),.]/.test(line.trim()))) return {
		token,
		end: end + line.length
	};
	if (!between) return null;
	throw source.syntaxError(start, "DELIMITER names no delimiter.", "Write it behind, e.g. DELIMITER $$.");
}
function lineAt(text, from) {
	const next = text.indexOf("\n", from);
	return text.slice(from, next === -1 ? text.length : next).trimEnd();
}
function startsLine(text, at, from) {
	for (let before = at - 1; before >= from; before -= 1) {
		const code = text.charCodeAt(before);
		if (code === 10 || code === 13) return true;
		if (code !== 32 && code !== 9) return false;
	}
	return true;
}
function withoutTerminator(text, start, end) {
	let at = end;
	while (at > start && /[;\s]/.test(text[at - 1] ?? "")) at -= 1;
	return at;
}
var SLASH;
var init_splitter = __esmMin(() => {
	init_body();
	init_lexer();
	SLASH = 47;
});
// ../../sql/src/script.ts
/**
* Reads a script into statements. Sections are those of Detent, goose and dbmate; the delimiter is `;` again in each.
* Throws `SCRIPT_SYNTAX`, `SCRIPT_DIRECTIVE` or `PLACEHOLDER`, each with its place in the file.
*/
function parseScript(script, dialect) {
	const source = openSource(script.text, script.file);
	const sections = [];
	let current = script.part === "whole" ? null : openSection(script.part, source.from, source);
	if (current !== null) sections.push(current);
	/** Statements that no marker has claimed. */
	const unmarked = openSection("up", source.from, source);
	let directives = {};
	for (const piece of splitPieces(source, dialect, useOf)) switch (piece.kind) {
		case "statement": {
			const section = current ?? unmarked;
			section.statements.push(toStatement(source, dialect, piece, script.placeholders));
			section.pieces.push(piece);
			break;
		}
		case "comment": {
			const found = readDirective(piece.text, piece.ownLine, (message, hint) => refused$1(source, piece.start, message, hint));
			switch (found.kind) {
				case "section":
					if (found.direction === "down" && current === null && script.part === "whole" && unmarked.pieces.length > 0) {
						current = unmarked;
						sections.push(unmarked);
					}
					checkMarker(script, source, piece, sections, unmarked, found.direction);
					if (current !== null) current.to = piece.start;
					current = openSection(found.direction, piece.start + piece.text.length, source);
					sections.push(current);
					directives = merge(directives, found.directives, source, piece);
					break;
				case "settings": directives = merge(directives, found.directives, source, piece);
			}
			break;
		}
	}
	const parts = sections.length === 0 ? [unmarked] : sections;
	const ownTransaction = directives.transaction === "none" ? "keep" : "take over";
	const notes = [];
	const finish = (direction) => {
		const section = parts.find((part) => part.direction === direction);
		if (section === void 0) return null;
		const finished = finishSection(section.statements, dialect, ownTransaction);
		notes.push(...finished.notes);
		return finished.statements;
	};
	const up = finish("up") ?? [];
	const down = finish("down");
	const downSection = parts.find((part) => part.direction === "down");
	const header = script.part === "whole" ? renderDirectives(directives) : [];
	return {
		up,
		down,
		downText: downSection === void 0 ? null : [
			...header,
			textOf$2(downSection, source),
			""
		].join("\n"),
		directives,
		notes
	};
}
function openSection(direction, from, source) {
	return {
		direction,
		from,
		to: source.text.length,
		statements: [],
		pieces: []
	};
}
function toStatement(source, dialect, piece, placeholders) {
	const { start, end } = piece;
	const { line, column } = source.place(start);
	if (piece.carriesData) throw source.syntaxError(start, "COPY … FROM stdin takes its data from the file, which Detent does not send.", "Write the rows as INSERT statements; pg_dump does so with --inserts or --rows-per-insert.");
	const text = placeholders === null ? source.text.slice(start, end) : fillPlaceholders(source, dialect, start, end, placeholders);
	return {
		text,
		line,
		column,
		...classifyTokens(placeholders === null ? readSlice(source, dialect, start, end) : readStatement(text, dialect), dialect)
	};
}
function checkMarker(script, source, piece, sections, unmarked, direction) {
	if (script.part !== "whole") throw refused$1(source, piece.start, `${script.file} is one file of a pair and holds the marker "${piece.text.trim()}".`, "Take the marker out, or put both directions into one file.");
	const [early] = unmarked.pieces;
	if (early !== void 0 && !sections.includes(unmarked)) throw refused$1(source, early.start, `This statement stands before the first marker, "${piece.text.trim()}", so that it belongs to neither direction.`, "Put \"-- detent:up\" before the first statement.");
	if (sections.some((section) => section.direction === direction)) throw refused$1(source, piece.start, `The ${direction} part begins twice.`, "Put all its statements behind one marker.");
}
function merge(before, added, source, piece) {
	if (before.transaction !== void 0 && added.transaction !== void 0 && before.transaction !== added.transaction) throw refused$1(source, piece.start, "The file asks for two transaction modes.", "Keep one of the two; it holds for both directions.");
	const allow = [.../* @__PURE__ */ new Set([...before.allow ?? [], ...added.allow ?? []])];
	return {
		...before,
		...added,
		...allow.length === 0 ? {} : { allow }
	};
}
function refused$1(source, offset, message, hint) {
	return new DetentError("SCRIPT_DIRECTIVE", message, {
		hint,
		facts: { place: source.place(offset) }
	});
}
/** Everything behind the marker, with the placeholders filled in as they were. */
function textOf$2(section, source) {
	let text = "";
	let at = section.from;
	section.pieces.forEach(({ start, end }, index) => {
		text += source.text.slice(at, start) + (section.statements[index]?.text ?? "");
		at = end;
	});
	return (text + source.text.slice(at, section.to)).trim();
}
function renderDirectives(directives) {
	const { transaction, lockTimeoutMs, statementTimeoutMs, idempotent, allow } = directives;
	const timeouts = [...lockTimeoutMs === void 0 ? [] : [`lock=${lockTimeoutMs}ms`], ...statementTimeoutMs === void 0 ? [] : [`statement=${statementTimeoutMs}ms`]];
	return [
		...transaction === void 0 ? [] : [`-- detent:transaction ${transaction}`],
		...timeouts.length === 0 ? [] : [`-- detent:timeout ${timeouts.join(" ")}`],
		...idempotent === true ? ["-- detent:idempotent"] : [],
		...allow === void 0 ? [] : [`-- detent:allow ${allow.join(", ")}`]
	];
}
var init_script = __esmMin(() => {
	init_src$3();
	init_classify();
	init_directive();
	init_placeholders();
	init_section();
	init_source();
	init_splitter();
	init_statement_reader();
});
// ../../sql/src/tag.ts
/** The `sql` tag of a session: values bound by the dialect's placeholders, identifiers quoted in the text. */
function sqlTag(dialect, run) {
	const tag = (strings, ...values) => run(...render(dialect, strings, values));
	return Object.assign(tag, { id: makeIdentifier });
}
function makeIdentifier(...names) {
	const identifier = Object.freeze({
		kind: "identifier",
		names: Object.freeze([...names])
	});
	identifiers.add(identifier);
	return identifier;
}
function isIdentifier(value) {
	return typeof value === "object" && value !== null && identifiers.has(value);
}
function render(dialect, strings, values) {
	const bound = [];
	let text = strings[0] ?? "";
	values.forEach((value, index) => {
		if (isIdentifier(value)) text += quoteIdent(dialect, ...value.names);
		else if (value === void 0) throw misuse(`Value ${index + 1} of the sql tag is undefined.`, "Pass null where you mean NULL.");
		else {
			bound.push(value);
			text += dialect.placeholder === "question" ? "?" : `$${bound.length}`;
		}
		text += strings[index + 1] ?? "";
	});
	return [text, bound];
}
var identifiers;
var init_tag = __esmMin(() => {
	init_src$3();
	init_quote();
	identifiers = /* @__PURE__ */ new WeakSet();
});
// ../../sql/src/index.ts
var init_src$2 = __esmMin(() => {
	init_classify();
	init_destroys();
	init_dialect();
	init_history$2();
	init_history_columns();
	init_history_row();
	init_normalize();
	init_on_demand();
	init_quote();
	init_script();
	init_splitter();
	init_statement_reader();
	init_tag();
});
// ../../../node_modules/.pnpm/better-sqlite3@13.2.0/node_modules/better-sqlite3/package.json
var require_package = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	module.exports = {
		"name": "better-sqlite3",
		"version": "13.2.0",
		"description": "The fastest and simplest library for SQLite in Node.js.",
		"homepage": "http://github.com/WiseLibs/better-sqlite3",
		"author": "Joshua Wise <joshuathomaswise@gmail.com>",
		"repository": {
			"type": "git",
			"url": "git://github.com/WiseLibs/better-sqlite3.git"
		},
		"main": "lib/index.js",
		"exports": {
			".": "./lib/index.js",
			"./linux-x64": "./lib/linux-x64.js",
			"./linux-arm64": "./lib/linux-arm64.js",
			"./linuxmusl-x64": "./lib/linuxmusl-x64.js",
			"./linuxmusl-arm64": "./lib/linuxmusl-arm64.js",
			"./darwin-x64": "./lib/darwin-x64.js",
			"./darwin-arm64": "./lib/darwin-arm64.js",
			"./win32-x64": "./lib/win32-x64.js",
			"./win32-arm64": "./lib/win32-arm64.js",
			"./package.json": "./package.json"
		},
		"files": [
			"binding.gyp",
			"src/**/*.[ch]pp",
			"lib/**",
			"deps/**",
			"prebuilds/**"
		],
		"gypfile": false,
		"engines": { "node": ">=22" },
		"dependencies": { "node-addon-api": "^8.0.0" },
		"devDependencies": {
			"chai": "^4.3.8",
			"cli-color": "^2.0.3",
			"fs-extra": "^11.1.1",
			"mocha": "^11.7.5",
			"node-gyp": "^13.1.0",
			"nodemark": "^0.3.0",
			"sqlite": "^5.0.1",
			"sqlite3": "^5.1.6"
		},
		"scripts": {
			"build-release": "node-gyp clean && node-gyp rebuild --release --force_build=1",
			"build-debug": "node-gyp clean && node-gyp rebuild --debug --force_build=1",
			"test": "mocha --exit --slow=75 --timeout=5000",
			"benchmark": "node benchmark",
			"download": "bash ./deps/download.sh",
			"clean": "rm -rf node_modules build prebuilds"
		},
		"license": "MIT",
		"keywords": [
			"sql",
			"sqlite",
			"sqlite3",
			"transactions",
			"user-defined functions",
			"aggregate functions",
			"window functions",
			"database"
		]
	};
}));
// ../../adapters/sqlite/src/driver.ts
async function loadLibrary(name) {
	return name === "node:sqlite" ? nodeLibrary(await import("node:sqlite")) : betterLibrary(await loadBetter());
}
/** The library that made a user's own database. Throws `CONFIG` for what is neither driver's. */
async function libraryOf(database) {
	if (driverOf(database) === "node:sqlite") return nodeLibrary(await import("node:sqlite"));
	return betterLibrary(database.constructor);
}
/** Throws `CONFIG` for a database of neither driver, or one that was closed. */
function driverOf(database) {
	const name = "isTransaction" in database ? "node:sqlite" : "inTransaction" in database ? "better-sqlite3" : null;
	if (name === null) throw misuse("`database` is neither a node:sqlite nor a better-sqlite3 database.", "Pass an open database of one of them, or `url`.");
	if ((name === "node:sqlite" ? fact(database, "isOpen") : fact(database, "open")) === false) throw misuse("`database` was closed.", "Pass it before it is closed, or pass `url`.");
	return name;
}
/** Wraps a user's own open database. */
function wrap(database, library, path) {
	const inTransaction = library.name === "node:sqlite" ? "isTransaction" : "inTransaction";
	const prepared = /* @__PURE__ */ new Map();
	const prepare = (sql) => {
		let statement = prepared.get(sql);
		if (statement === void 0) prepared.set(sql, statement = plain$1(database.prepare(sql)));
		return statement;
	};
	return {
		db: database,
		library,
		path,
		get inTransaction() {
			return fact(database, inTransaction) === true;
		},
		exec: (sql) => void database.exec(sql),
		check: (sql) => void database.prepare(sql),
		run: (sql, ...values) => Number(prepare(sql).run(...values).changes),
		get: (sql, ...values) => prepare(sql).get(...values),
		all: (sql, ...values) => prepare(sql).all(...values),
		iterate: (sql, ...values) => prepare(sql).iterate(...values),
		exact: (sql, values) => exactRows(database.prepare(sql), values),
		value: (sql, ...values) => Object.values(prepare(sql).get(...values) ?? {})[0],
		copyTo: (target) => copy(database, library.name, target),
		close: () => void database.close()
	};
}
function nodeLibrary(module) {
	const library = {
		name: "node:sqlite",
		version: process.versions.node,
		connect(path, { readOnly, busyTimeoutMs, frozen = false }) {
			const options = {
				readOnly,
				timeout: busyTimeoutMs,
				enableForeignKeyConstraints: true,
				defensive: true
			};
			const place = frozen ? new URL(`${pathToFileURL(path).href}?immutable=1`) : path;
			return wrap(new module.DatabaseSync(place, options), library, fileOf$1(path));
		}
	};
	return library;
}
function betterLibrary(Database) {
	const library = {
		name: "better-sqlite3",
		version: betterVersion,
		connect(path, { readOnly, busyTimeoutMs }) {
			const connection = wrap(new Database(path, {
				readonly: readOnly,
				timeout: busyTimeoutMs
			}), library, fileOf$1(path));
			connection.exec("PRAGMA foreign_keys = ON");
			return connection;
		}
	};
	return library;
}
async function loadBetter() {
	try {
		const { default: Database } = await import("better-sqlite3");
		const { default: manifest } = await Promise.resolve().then(() => /* @__PURE__ */ __toESM(require_package(), 1));
		betterVersion = manifest.version;
		return Database;
	} catch (cause) {
		if (fact(cause, "code") !== "ERR_MODULE_NOT_FOUND") throw cause;
		throw misuse("better-sqlite3 is not installed.", "Run `npm install better-sqlite3`, or leave `driver` out: Node brings its own SQLite.");
	}
}
/** In one step, so that nobody's commit starts it over. */
async function copy(database, name, path) {
	if (name === "node:sqlite") {
		const { backup } = await import("node:sqlite");
		await backup(database, path, { rate: EVERY_PAGE });
		return;
	}
	await database.backup(path, { progress: () => EVERY_PAGE });
}
/** Rows as objects, integers as numbers. */
function plain$1(statement) {
	statement.setReturnArrays?.(false);
	statement.setReadBigInts?.(false);
	if (statement.reader === true) statement.safeIntegers?.(false);
	return statement;
}
function exactRows(statement, values) {
	if (statement.reader === false) {
		statement.run(...values);
		return [];
	}
	statement.setReturnArrays?.(false);
	statement.setReadBigInts?.(true);
	statement.safeIntegers?.(true);
	return statement.all(...values).map(narrowIntegers);
}
function narrowIntegers(row) {
	const narrowed = {};
	for (const [column, value] of Object.entries(row)) narrowed[column] = typeof value === "bigint" && value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
	return narrowed;
}
function fileOf$1(path) {
	return path === ":memory:" ? null : path;
}
/** A property that a driver has and the shared type does not. */
function fact(thing, name) {
	return typeof thing === "object" && thing !== null ? thing[name] : void 0;
}
var betterVersion, EVERY_PAGE;
var init_driver = __esmMin(() => {
	init_src$3();
	betterVersion = "unknown version";
	EVERY_PAGE = 2147483647;
});
// ../../adapters/sqlite/src/errors.ts
/** `null` for an error that is not SQLite's. */
function failureOf(thrown) {
	if (!(thrown instanceof Error)) return null;
	const { code, errcode } = thrown;
	if (typeof errcode === "number") {
		const primary = PRIMARY_CODES[errcode & 255] ?? "SQLITE_ERROR";
		return {
			code: EXTENDED_CODES[errcode] ?? primary,
			primary,
			message: thrown.message
		};
	}
	if (typeof code !== "string" || !code.startsWith("SQLITE_")) return null;
	return {
		code,
		primary: code.split("_", 2).join("_"),
		message: thrown.message
	};
}
/** Makes a typed error of what went wrong outside any statement of a migration; anything else is given back as it is. */
function translate$1(thrown, path) {
	const failure = failureOf(thrown);
	if (failure === null || thrown instanceof DetentError) return thrown;
	const details = {
		facts: {
			server: failure.message,
			serverCode: failure.code
		},
		cause: thrown
	};
	switch (failure.primary) {
		case "SQLITE_BUSY":
		case "SQLITE_LOCKED": return new DetentError("LOCK_TIMEOUT", "Another connection has the database locked.", {
			hint: "Wait until its transaction ends, and start again.",
			...details
		});
		case "SQLITE_READONLY": return new DetentError("READ_ONLY", `The database ${path ?? "in memory"} cannot be written to.`, {
			hint: "Give this user the right to write to the file and to its folder, where SQLite keeps its journal.",
			...details
		});
		case "SQLITE_NOTADB": return new DetentError("CONNECTION", `${path ?? "The file"} is not a SQLite database, or it is encrypted.`, {
			hint: "Check the path; nothing was changed.",
			...details
		});
		case "SQLITE_CORRUPT": return new DetentError("CONNECTION", `The database ${path ?? "in memory"} is damaged.`, {
			hint: "Keep a copy of the file, then run `PRAGMA integrity_check` or restore a backup.",
			...details
		});
		case "SQLITE_FULL": return new DetentError("STATEMENT_FAILED", "The disk is full; SQLite has undone the transaction.", {
			hint: "Free some space and start again.",
			...details
		});
		case "SQLITE_CANTOPEN": return new DetentError("CONNECTION", `SQLite cannot open ${path ?? "the database"}.`, {
			hint: "Check that the file and its folder exist and that this user may read and write both.",
			...details
		});
		default: return new DetentError("INTERNAL", `SQLite failed: ${failure.message}.`, details);
	}
}
/** What stands in the way of opening `path`, before SQLite is asked; `null` when nothing does. The file may be missing. */
function obstacle(path) {
	const folder = dirname(path);
	const stat = statSync(path, { throwIfNoEntry: false });
	if (stat === void 0) {
		const above = statSync(folder, { throwIfNoEntry: false });
		if (above === void 0) return new DetentError("CONNECTION", `The folder ${folder} does not exist.`, { hint: "Create it, or correct the path of the database." });
		if (!above.isDirectory()) return new DetentError("CONNECTION", `${folder} is a file, not a folder.`, { hint: "Correct the path of the database." });
		return null;
	}
	if (stat.isDirectory()) return new DetentError("CONNECTION", `${path} is a folder, not a database.`, { hint: "Name the database file inside it." });
	if (!stat.isFile()) return new DetentError("CONNECTION", `${path} is not a regular file.`, { hint: "Name a database file." });
	if (allowed(path, constants.R_OK)) return null;
	return new DetentError("CONNECTION", `This user may not read ${path}.`, { hint: "Give it the right to, or run as another user." });
}
/** Why nothing can be written at `path`; `null` when it can. */
function writeObstacle(path) {
	const hint = "Give this user the right to write to the file and to its folder, where SQLite keeps its journal.";
	if (statSync(path, { throwIfNoEntry: false }) !== void 0 && !allowed(path, constants.W_OK)) return new DetentError("READ_ONLY", `This user may not write to ${path}.`, { hint });
	if (!allowed(dirname(path), constants.W_OK)) return new DetentError("READ_ONLY", `This user may not write to the folder ${dirname(path)}.`, { hint });
	return null;
}
function allowed(path, mode) {
	try {
		accessSync(path, mode);
		return true;
	} catch {
		return false;
	}
}
var PRIMARY_CODES, EXTENDED_CODES;
var init_errors$1 = __esmMin(() => {
	init_src$3();
	PRIMARY_CODES = {
		1: "SQLITE_ERROR",
		2: "SQLITE_INTERNAL",
		3: "SQLITE_PERM",
		4: "SQLITE_ABORT",
		5: "SQLITE_BUSY",
		6: "SQLITE_LOCKED",
		7: "SQLITE_NOMEM",
		8: "SQLITE_READONLY",
		9: "SQLITE_INTERRUPT",
		10: "SQLITE_IOERR",
		11: "SQLITE_CORRUPT",
		12: "SQLITE_NOTFOUND",
		13: "SQLITE_FULL",
		14: "SQLITE_CANTOPEN",
		15: "SQLITE_PROTOCOL",
		16: "SQLITE_EMPTY",
		17: "SQLITE_SCHEMA",
		18: "SQLITE_TOOBIG",
		19: "SQLITE_CONSTRAINT",
		20: "SQLITE_MISMATCH",
		21: "SQLITE_MISUSE",
		22: "SQLITE_NOLFS",
		23: "SQLITE_AUTH",
		24: "SQLITE_FORMAT",
		25: "SQLITE_RANGE",
		26: "SQLITE_NOTADB"
	};
	EXTENDED_CODES = {
		261: "SQLITE_BUSY_RECOVERY",
		517: "SQLITE_BUSY_SNAPSHOT",
		773: "SQLITE_BUSY_TIMEOUT",
		275: "SQLITE_CONSTRAINT_CHECK",
		531: "SQLITE_CONSTRAINT_COMMITHOOK",
		787: "SQLITE_CONSTRAINT_FOREIGNKEY",
		1043: "SQLITE_CONSTRAINT_FUNCTION",
		1299: "SQLITE_CONSTRAINT_NOTNULL",
		1555: "SQLITE_CONSTRAINT_PRIMARYKEY",
		1811: "SQLITE_CONSTRAINT_TRIGGER",
		2067: "SQLITE_CONSTRAINT_UNIQUE",
		2323: "SQLITE_CONSTRAINT_VTAB",
		2579: "SQLITE_CONSTRAINT_ROWID",
		2835: "SQLITE_CONSTRAINT_PINNED",
		3091: "SQLITE_CONSTRAINT_DATATYPE"
	};
});
// ../../adapters/sqlite/src/busy.ts
/**
* Does `attempt` again while another connection has the database locked. Only for what changes nothing when it fails:
* reads, BEGIN, COMMIT, and single statements outside a transaction. Throws `LOCK_TIMEOUT`, `CANCELLED`.
*/
async function patiently$1(attempt, { limitMs, signal }) {
	const end = performance.now() + limitMs;
	for (let pauseMs = 2;; pauseMs = Math.min(pauseMs * 2, 50)) {
		try {
			return await attempt();
		} catch (error) {
			const failure = failureOf(error);
			if (failure?.primary !== "SQLITE_BUSY") throw error;
			if (performance.now() >= end) throw new DetentError("LOCK_TIMEOUT", `Another connection kept the database locked for ${limitMs} ms.`, {
				hint: "Wait until its transaction ends, or allow longer with busyTimeoutMs.",
				facts: {
					server: failure.message,
					serverCode: failure.code
				},
				cause: error
			});
		}
		if (signal?.aborted === true) throw new DetentError("CANCELLED", "Stopped while waiting for the database.", { cause: signal.reason });
		await new Promise((done) => void setTimeout(done, pauseMs * (.5 + Math.random())));
	}
}
var init_busy = __esmMin(() => {
	init_src$3();
	init_errors$1();
});
// ../../adapters/sqlite/src/link.ts
async function openLink(settings) {
	const { path, patience } = settings;
	let connection = null;
	let standIn = null;
	let prepared = false;
	const connect = async () => {
		connection ??= await patiently$1(() => connectTo$1(settings), patience);
		standIn?.close();
		standIn = null;
		return connection;
	};
	const reading = async () => {
		if (connection !== null) return connection;
		if (path === null || existsSync(path)) return connect();
		const blocked = obstacle(path);
		if (blocked !== null) throw blocked;
		standIn ??= settings.library.connect(":memory:", {
			readOnly: false,
			busyTimeoutMs: 0
		});
		return standIn;
	};
	await reading();
	return {
		path,
		reading,
		async writing() {
			if (settings.readOnly) throw readOnlySession$1();
			if (prepared && connection !== null) return connection;
			const blocked = path === null ? null : obstacle(path) ?? writeObstacle(path);
			if (blocked !== null) throw blocked;
			const mode = settings.journalMode ?? (isNew(path) ? "wal" : "keep");
			const writable = await connect();
			if (mode !== "keep" && path !== null) await setJournalMode(writable, mode, patience);
			prepared = true;
			return writable;
		},
		now: () => connection ?? standIn ?? missing$1(),
		close() {
			connection?.close();
			standIn?.close();
			connection = standIn = null;
		}
	};
}
/** A user's own connection: it is never replaced and never closed here. */
function borrowedLink(connection, readOnly) {
	return {
		path: connection.path,
		reading: async () => connection,
		writing: async () => {
			if (readOnly) throw readOnlySession$1();
			return connection;
		},
		now: () => connection,
		close: () => void 0
	};
}
function connectTo$1({ library, path, readOnly, synchronous }) {
	const blocked = path === null ? null : obstacle(path);
	if (blocked !== null) throw blocked;
	const options = {
		readOnly: readOnly && path !== null,
		busyTimeoutMs: 100
	};
	let connection;
	try {
		connection = library.connect(path ?? ":memory:", options);
		connection.value("SELECT count(*) FROM sqlite_schema");
		if (synchronous !== void 0) connection.exec(`PRAGMA synchronous = ${synchronous}`);
		return connection;
	} catch (error) {
		connection?.close();
		if (failureOf(error)?.primary === "SQLITE_BUSY") throw error;
		const frozen = readOnly && path !== null ? connectFrozen(library, path) : null;
		if (frozen !== null) return frozen;
		throw translate$1(error, path);
	}
}
/** A WAL database in a folder that cannot be written to has no place for its index; with an empty log it needs none. */
function connectFrozen(library, path) {
	const log = statSync(`${path}-wal`, { throwIfNoEntry: false });
	if (library.name !== "node:sqlite" || log !== void 0 && log.size > 0) return null;
	try {
		const connection = library.connect(path, {
			readOnly: true,
			busyTimeoutMs: 0,
			frozen: true
		});
		connection.value("SELECT count(*) FROM sqlite_schema");
		return connection;
	} catch {
		return null;
	}
}
async function setJournalMode(connection, mode, patience) {
	await patiently$1(() => {
		if (connection.value("PRAGMA journal_mode") !== mode) connection.exec(`PRAGMA journal_mode = ${mode}`);
	}, patience);
}
function isNew(path) {
	return path !== null && (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0;
}
function readOnlySession$1() {
	return new DetentError("READ_ONLY", "This session was opened to look only.", { hint: "Open it without readOnly to write." });
}
function missing$1() {
	throw new DetentError("CONNECTION", "The session is closed.", { hint: "Open another one." });
}
var init_link$1 = __esmMin(() => {
	init_src$3();
	init_busy();
	init_errors$1();
});
// ../../core/src/backup/index.ts
var init_backup$2 = __esmMin(() => {
	init_errors$2();
	init_manifest();
});
// ../../adapters/sqlite/src/lock-statements.ts
function lockStatements$1(history) {
	const table = history.tables.lock;
	const columns = () => LOCK_COLUMNS.map(({ name }) => quoteIdent(sqlite$1, name)).join(", ");
	return onDemand({
		table: () => history.tableNames.lock,
		create: () => history.createLock,
		read: () => `SELECT token, run_id, username, host, pid, process_key, since, heartbeat, ${NOW$1} AS now FROM ${table} WHERE id = 1`,
		token: () => `SELECT token FROM ${table} WHERE id = 1`,
		runId: () => `SELECT run_id FROM ${table} WHERE id = 1`,
		take: () => `UPDATE ${table} SET token = token + 1, run_id = ?, username = ?, host = ?, pid = ?, process_key = ?, since = ${NOW$1}, heartbeat = ${NOW$1} WHERE id = 1`,
		heartbeat: () => `UPDATE ${table} SET heartbeat = ${NOW$1} WHERE id = 1 AND token = ?`,
		giveBack: () => `UPDATE ${table} SET run_id = NULL WHERE id = 1 AND token = ?`,
		void: () => `UPDATE ${table} SET token = token + 1, run_id = NULL WHERE id = 1`,
		row: () => `SELECT ${columns()} FROM ${table} WHERE id = 1`,
		put: () => `INSERT OR REPLACE INTO ${table} (${columns()}) VALUES (${LOCK_COLUMNS.map(() => "?").join(", ")})`
	});
}
var NOW$1;
var init_lock_statements$1 = __esmMin(() => {
	init_src$2();
	NOW$1 = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";
});
// ../../adapters/sqlite/src/bookkeeping.ts
/** Always qualified: a temporary table of the same name would stand in front. Throws `CONFIG` for an impossible name. */
function bookkeeping$1(table) {
	const history = historyStatements(sqlite$1, {
		table,
		schema: "main"
	});
	return {
		history,
		lock: lockStatements$1(history),
		own: Object.values(history.tableNames)
	};
}
function hasTable(connection, name) {
	return connection.get(FIND_TABLE, name) !== void 0;
}
var FIND_TABLE;
var init_bookkeeping$1 = __esmMin(() => {
	init_src$2();
	init_lock_statements$1();
	FIND_TABLE = "SELECT 1 FROM main.sqlite_schema WHERE type IN ('table', 'view') AND name = ? COLLATE NOCASE";
});
// ../../adapters/sqlite/src/file.ts
/** `sha256:<hex>` of a file, read as a stream. */
async function hashFile$1(path, signal) {
	const digest = createHash("sha256");
	for await (const chunk of createReadStream(path, {
		highWaterMark: 1 << 20,
		signal
	})) digest.update(chunk);
	return `sha256:${digest.digest("hex")}`;
}
/** Writes what the system still holds in memory to the disk. */
async function syncFile(path) {
	const file = await open(path, "r+");
	try {
		await file.sync();
	} finally {
		await file.close();
	}
}
/** After this, either the old name or the new one survives a power cut. */
async function renameDurably$1(from, to) {
	await rename(from, to);
	if (process.platform === "win32") return;
	const folder = await open(dirname(to), "r");
	try {
		await folder.sync();
	} finally {
		await folder.close();
	}
}
/** A database file and what SQLite may have left beside it. Never throws. */
async function removeDatabase(path) {
	for (const ending of [
		"",
		"-wal",
		"-shm",
		"-journal"
	]) await rm(`${path}${ending}`, { force: true }).catch(() => void 0);
}
var init_file$1 = __esmMin(() => {});
// ../../adapters/sqlite/src/fingerprint.ts
/**
* `sha256:<hex>` of everything in the schema except what SQLite and Detent keep for themselves. SQLite stores each
* object as the text of its CREATE statement, edited by every ALTER, and that text says all there is: columns, types,
* checks, keys, generated columns. In its canonical form it does not tell how the object came to be what it is.
*/
function schemaFingerprint$1(connection, own) {
	const lines = [];
	for (const row of connection.all(SCHEMA)) {
		const [type, name, table, sql] = [
			String(row["type"]),
			lower(row["name"]),
			lower(row["tbl_name"]),
			String(row["sql"])
		];
		if (own.some((mine) => lower(mine) === table)) continue;
		lines.push(JSON.stringify([
			type,
			name,
			table,
			normalizeSql(sql, sqlite$1)
		]));
	}
	return `sha256:${hash("sha256", lines.sort().join("\n"))}`;
}
/** As SQLite compares names: ASCII letters only. */
function lower(name) {
	return String(name).replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
var SCHEMA;
var init_fingerprint$1 = __esmMin(() => {
	init_src$2();
	SCHEMA = "SELECT type, name, tbl_name, sql FROM main.sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
});
// ../../adapters/sqlite/src/durability.ts
/**
* Lets the commits of a run be synced together at its end. In WAL mode `normal` can lose the newest commits in a power
* cut, never their order nor a part of one; a migration and its record are one commit, so the next run goes on where
* the disk stands. Gives the way back, after which the next commit makes all of them durable.
*/
function syncAtTheEnd(connection) {
	if (!(connection.value("PRAGMA synchronous") === FULL && connection.value("PRAGMA journal_mode") === "wal")) return () => void 0;
	connection.exec(`PRAGMA synchronous = ${NORMAL}`);
	return () => connection.exec(`PRAGMA synchronous = ${FULL}`);
}
var NORMAL, FULL;
var init_durability = __esmMin(() => {
	NORMAL = 1;
	FULL = 2;
});
// ../../adapters/sqlite/src/liveness.ts
/**
* Tells one process from every other that ever had its number: the machine's boot, the process namespace and the moment
* the process started. `null` where the system does not say.
*/
function processKey(pid) {
	try {
		const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
		const start = startOf(pid);
		return start === null ? null : `${boot} ${readlinkSync("/proc/self/ns/pid")} ${start}`;
	} catch {
		return null;
	}
}
/** Whether the process that has this key is known to have ended; `null` when that cannot be told from here. */
function hasEnded(pid, key, host, ownHost) {
	const own = processKey(process.pid);
	if (own === null || key === null) return key === null && own === null && host === ownHost && !exists(pid) ? true : null;
	if (own.slice(0, own.lastIndexOf(" ")) !== key.slice(0, key.lastIndexOf(" "))) return null;
	return startOf(pid) !== key.slice(key.lastIndexOf(" ") + 1);
}
/** In clock ticks since the boot; `null` for a process that is gone, or dead and only waiting to be reaped. */
function startOf(pid) {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
		const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
		return fields[0] === "Z" || fields[0] === "X" ? null : fields[19] ?? null;
	} catch {
		return null;
	}
}
function exists(pid) {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return error.code !== "ESRCH";
	}
}
var init_liveness = __esmMin(() => {});
// ../../adapters/sqlite/src/lock.ts
/**
* The lock is a row with a token that only rises. What really keeps two runs apart is SQLite's own write lock: every
* transaction of the holder begins IMMEDIATE and finds its token in the row, or ends.
*/
function createLock$1({ link, sql, patience, batchCommits }) {
	let held = null;
	let quiet = false;
	/** As it was when the token was last found true: until it changes, no other connection has written anything. */
	let seen = null;
	const fence = (connection) => {
		if (held === null) return;
		const { token } = held;
		const version = connection.value("PRAGMA data_version");
		if (seen?.token === token && seen.connection === connection && seen.version === version) return;
		requireToken(connection, sql, token);
		seen = {
			token,
			connection,
			version
		};
	};
	const takeNow = (connection, owner) => {
		connection.exec("BEGIN IMMEDIATE");
		try {
			for (const step of sql.create) connection.exec(step);
			const holder = readHolder$1(connection, sql);
			if (holder !== null && !isDead(holder)) {
				connection.exec("ROLLBACK");
				return holder;
			}
			const key = processKey(owner.pid);
			connection.run(sql.take, owner.runId, owner.username, owner.host, owner.pid, key);
			const token = Number(connection.value(sql.token));
			connection.exec("COMMIT");
			return token;
		} catch (error) {
			if (connection.inTransaction) connection.exec("ROLLBACK");
			throw error;
		}
	};
	const leaseOf = (connection, token) => {
		const timer = setInterval(() => {
			if (!quiet && !connection.inTransaction) showLife(connection, sql, token);
		}, HEARTBEAT_MS).unref();
		const syncAgain = batchCommits ? syncAtTheEnd(connection) : () => void 0;
		const lease = {
			token,
			async assert() {
				await patiently$1(() => requireToken(connection, sql, token), patience);
			},
			async [Symbol.asyncDispose]() {
				clearInterval(timer);
				if (held !== lease) return;
				held = null;
				await patiently$1(() => {
					syncAgain();
					connection.run(sql.giveBack, token);
				}, patience).catch(() => void 0);
			}
		};
		return lease;
	};
	return {
		fence,
		heldToken: () => held?.token ?? null,
		token: (connection) => held?.token ?? readToken(connection, sql) ?? 0,
		carryOver: (from, to) => {
			for (const step of sql.create) to.exec(step);
			const row = from.get(sql.row);
			if (row !== void 0) to.run(sql.put, ...Object.values(row));
		},
		async quietly(work) {
			quiet = true;
			try {
				return await work();
			} finally {
				quiet = false;
			}
		},
		async close() {
			await held?.[Symbol.asyncDispose]();
		},
		async holder() {
			return patiently$1(async () => describe$1(readHolder$1(await link.reading(), sql)), patience);
		},
		async tryAcquire(owner) {
			try {
				return await patiently$1(async () => {
					const seen = readHolder$1(await link.reading(), sql);
					if (seen !== null && !isDead(seen)) return {
						kind: "held",
						holder: publicPart$1(seen)
					};
					const connection = await link.writing();
					const taken = takeNow(connection, owner);
					if (typeof taken !== "number") return {
						kind: "held",
						holder: publicPart$1(taken)
					};
					held = leaseOf(connection, taken);
					return {
						kind: "acquired",
						lease: held
					};
				}, patience);
			} catch (error) {
				throw translate$1(error, link.now().path);
			}
		},
		async break() {
			if (readHolder$1(await link.reading(), sql) === null) return null;
			const connection = await link.writing();
			return patiently$1(() => {
				connection.exec("BEGIN IMMEDIATE");
				try {
					const removed = describe$1(readHolder$1(connection, sql));
					seen = null;
					connection.exec(sql.void);
					connection.exec("COMMIT");
					return removed;
				} catch (error) {
					if (connection.inTransaction) connection.exec("ROLLBACK");
					throw error;
				}
			}, patience);
		}
	};
}
/** `null` when there is no such row. Asked in every transaction, so it does not look for the table first. */
function readToken(connection, sql) {
	try {
		const token = connection.value(sql.token);
		return token === void 0 ? null : Number(token);
	} catch (error) {
		if (failureOf(error)?.primary !== "SQLITE_ERROR") throw error;
		return null;
	}
}
function requireToken(connection, sql, token) {
	if (readToken(connection, sql) !== token) throw lockLost$1(connection, sql, token);
}
function lockLost$1(connection, sql, token) {
	return new DetentError("LOCK_LOST", "This run does not hold the lock any more; another run or `detent unlock` took it.", {
		hint: "Look at `detent status`, then start again.",
		facts: {
			token,
			tokenNow: readToken(connection, sql)
		}
	});
}
/** Neither a busy database nor a lost lock is an error here: the next transaction finds out. */
function showLife(connection, sql, token) {
	try {
		connection.run(sql.heartbeat, token);
	} catch {}
}
function readHolder$1(connection, sql) {
	if (!hasTable(connection, sql.table)) return null;
	const row = connection.get(sql.read);
	const runId = row === void 0 ? null : textOrNull(row, "run_id");
	if (row === void 0 || runId === null) return null;
	return {
		runId,
		username: String(row["username"]),
		host: String(row["host"]),
		pid: Number(row["pid"]),
		since: Number(row["since"]),
		heartbeat: String(row["heartbeat"]),
		token: Number(row["token"]),
		processKey: textOrNull(row, "process_key"),
		silentMs: Number(row["now"]) - Number(row["heartbeat"])
	};
}
function isDead({ pid, processKey: key, host, silentMs }) {
	return hasEnded(pid, key, host, hostname()) ?? silentMs > SILENCE_MS;
}
function describe$1(holder) {
	return holder === null ? null : publicPart$1(holder);
}
function publicPart$1({ runId, username, host, pid, since, heartbeat, token }) {
	return {
		runId,
		username,
		host,
		pid,
		since,
		heartbeat,
		token
	};
}
function textOrNull(row, column) {
	const value = row[column];
	return typeof value === "string" ? value : null;
}
var SILENCE_MS, HEARTBEAT_MS;
var init_lock$1 = __esmMin(() => {
	init_src$3();
	init_bookkeeping$1();
	init_busy();
	init_durability();
	init_errors$1();
	init_liveness();
	SILENCE_MS = 3e4;
	HEARTBEAT_MS = 1e4;
});
// ../../adapters/sqlite/src/foreign-keys.ts
/** Every row that points at nothing, and every key whose parent is not there or cannot be one, rows or no rows. */
function findViolations(connection) {
	const found = /* @__PURE__ */ new Map();
	const add = (row) => {
		const violation = {
			table: String(row["child"]),
			parent: String(row["parent"]),
			key: Number(row["key"]),
			rows: Number(row["rows"])
		};
		const id = JSON.stringify([
			violation.table.toLowerCase(),
			violation.key,
			violation.parent.toLowerCase()
		]);
		if (violation.rows > 0 || !found.has(id)) found.set(id, violation);
	};
	for (const row of connection.all(KEYS_WITHOUT_PARENT)) add(row);
	for (const { child } of connection.all(CHILD_TABLES)) try {
		for (const row of connection.all(ORPHANED_ROWS, child)) add(row);
	} catch (error) {
		const parent = /^foreign key mismatch .* referencing "(.*)"$/.exec(failureOf(error)?.message ?? "")?.[1];
		if (parent === void 0) throw error;
		add({
			child,
			parent,
			key: -1,
			rows: 0
		});
	}
	return found;
}
/** Throws `FOREIGN_KEYS` for what was not there, or not as often, before. */
function refuseNew(before, after, cause) {
	const fresh = [...after].filter(([id, { rows }]) => {
		const known = before.get(id);
		return known === void 0 || rows > known.rows;
	});
	const first = fresh[0]?.[1];
	if (first === void 0) return;
	const more = fresh.length > 1 ? `, and ${fresh.length - 1} more foreign keys are broken` : "";
	const what = first.rows > 0 ? `${first.rows} ${first.rows === 1 ? "row" : "rows"} of "${first.table}" would point at nothing in "${first.parent}"${more}.` : `"${first.table}" would refer to the table "${first.parent}", which is not there or has no such unique key${more}.`;
	throw new DetentError("FOREIGN_KEYS", what, {
		hint: first.rows > 0 ? "Correct or delete those rows in the migration; PRAGMA foreign_key_check lists them." : "To rebuild a table, make the new one under another name, copy, drop the old one, then rename the new one.",
		facts: { violations: fresh.map(([, violation]) => violation) },
		cause
	});
}
var ORPHANED_ROWS, CHILD_TABLES, KEYS_WITHOUT_PARENT;
var init_foreign_keys = __esmMin(() => {
	init_src$3();
	init_errors$1();
	ORPHANED_ROWS = `
  SELECT "table" AS child, parent, fkid AS key, count(*) AS rows
  FROM pragma_foreign_key_check(?) GROUP BY 1, 2, 3`;
	CHILD_TABLES = `
  SELECT DISTINCT child.name AS child
  FROM main.sqlite_schema AS child JOIN pragma_foreign_key_list(child.name) AS key
  WHERE child.type = 'table'`;
	KEYS_WITHOUT_PARENT = `
  SELECT DISTINCT child.name AS child, key."table" AS parent, key.id AS key, 0 AS rows
  FROM main.sqlite_schema AS child JOIN pragma_foreign_key_list(child.name) AS key
  WHERE child.type = 'table'
    AND NOT EXISTS (SELECT 1 FROM main.sqlite_schema AS parent WHERE parent.type = 'table' AND lower(parent.name) = lower(key."table"))`;
});
// ../../adapters/sqlite/src/rebuild.ts
function belongings(connection) {
	const objects = /* @__PURE__ */ new Map();
	for (const { type, name, tbl_name: table } of connection.all(DEPENDENTS)) objects.set(`${String(type)} ${String(name)}`, {
		table: String(table),
		words: `${String(type)} "${String(name)}"`
	});
	const sequences = /* @__PURE__ */ new Map();
	if (connection.get(HAS_SEQUENCES) !== void 0) for (const { name, seq } of connection.all(SEQUENCES)) sequences.set(String(name), Number(seq));
	return {
		objects,
		sequences
	};
}
/**
* What a rebuild forgot, one sentence each: indexes and triggers of tables that are still there, unless a statement
* dropped them by name, and AUTOINCREMENT counters that went back, so that old numbers would be given out again.
*/
function lostInRebuild(connection, before, statements) {
	const after = belongings(connection);
	const tables = new Set(connection.all(TABLES$1).map(({ name }) => String(name)));
	const script = statements.join(";").toLowerCase();
	const lost = [];
	for (const [id, { table, words }] of before.objects) {
		const name = id.slice(id.indexOf(" ") + 1).toLowerCase();
		const meant = script.includes(`drop ${id.slice(0, id.indexOf(" "))}`) && script.includes(name);
		if (!after.objects.has(id) && tables.has(table) && !meant) lost.push(`The rebuild of "${table}" lost its ${words}; make it again in the migration.`);
	}
	for (const [table, sequence] of before.sequences) {
		const now = after.sequences.get(table) ?? 0;
		if (tables.has(table) && now < sequence) lost.push(`The rebuild of "${table}" set its AUTOINCREMENT counter back from ${sequence} to ${now}; copy its row in sqlite_sequence.`);
	}
	return lost;
}
var DEPENDENTS, TABLES$1, HAS_SEQUENCES, SEQUENCES;
var init_rebuild$1 = __esmMin(() => {
	DEPENDENTS = "SELECT type, name, tbl_name FROM main.sqlite_schema WHERE type IN ('index', 'trigger') AND sql IS NOT NULL";
	TABLES$1 = "SELECT name FROM main.sqlite_schema WHERE type = 'table'";
	HAS_SEQUENCES = "SELECT 1 FROM main.sqlite_schema WHERE name = 'sqlite_sequence'";
	SEQUENCES = "SELECT name, seq FROM main.sqlite_sequence";
});
// ../../adapters/sqlite/src/transaction.ts
/**
* BEGIN IMMEDIATE … COMMIT around `work`. It takes SQLite's one write lock at once: a transaction that first reads and
* then writes can find that it may not, and no busy timeout helps it.
*/
async function inTransaction(settings, scope, work) {
	const { connection, patience, logger, fence } = settings;
	const rebuild = scope.statements !== null && scope.statements.some((statement) => rebuildsTable(statement, sqlite$1));
	const suspend = suspendsForeignKeys(scope, rebuild) && connection.value("PRAGMA foreign_keys") === 1;
	if (suspend) connection.exec("PRAGMA foreign_keys = OFF");
	try {
		await begin(connection, patience);
		try {
			fence();
			const violations = suspend ? findViolations(connection) : null;
			const dependents = rebuild ? belongings(connection) : null;
			if (scope.statements === null) connection.exec(`SAVEPOINT ${MARK$1}`);
			const result = await work();
			if (!connection.inTransaction) throw ended$1();
			if (scope.statements === null) releaseMark(connection);
			if (violations !== null) refuseNew(violations, findViolations(connection));
			if (dependents !== null) {
				const texts = (scope.statements ?? []).map(({ text }) => text);
				for (const warning of lostInRebuild(connection, dependents, texts)) logger.warn(warning);
			}
			await commit(connection, patience);
			return result;
		} catch (error) {
			rollBack(connection, logger);
			throw error;
		}
	} finally {
		if (suspend) connection.exec("PRAGMA foreign_keys = ON");
	}
}
/** A short transaction of Detent's own. */
async function inShortTransaction(connection, patience, work) {
	await begin(connection, patience);
	try {
		const result = work();
		await commit(connection, patience);
		return result;
	} catch (error) {
		if (connection.inTransaction) connection.exec("ROLLBACK");
		throw translate$1(error, connection.path);
	}
}
function suspendsForeignKeys(scope, rebuild) {
	if (scope.foreignKeys !== void 0) return !scope.foreignKeys;
	return scope.statements === null || rebuild;
}
async function begin(connection, patience) {
	if (connection.inTransaction) throw new DetentError("TRANSACTION_ENDED", "A transaction that Detent did not begin is open on its connection.", { hint: "End it with COMMIT or ROLLBACK in the migration that began it, and share the connection with nobody." });
	try {
		await patiently$1(() => connection.exec("BEGIN IMMEDIATE"), patience);
	} catch (error) {
		throw translate$1(error, connection.path);
	}
}
async function commit(connection, patience) {
	try {
		await patiently$1(() => connection.exec("COMMIT"), patience);
	} catch (error) {
		if (failureOf(error)?.code === "SQLITE_CONSTRAINT_FOREIGNKEY") refuseNew(/* @__PURE__ */ new Map(), findViolations(connection), error);
		throw translate$1(error, connection.path);
	}
}
/** Never throws: the error that led here must stay the first. */
function rollBack(connection, logger) {
	try {
		if (connection.inTransaction) connection.exec("ROLLBACK");
	} catch (error) {
		logger.error(`The transaction could not be rolled back: ${error instanceof Error ? error.message : String(error)}.`);
	}
}
function releaseMark(connection) {
	try {
		connection.exec(`RELEASE ${MARK$1}`);
	} catch (cause) {
		throw ended$1(cause);
	}
}
function ended$1(cause, facts = {}) {
	return new DetentError("TRANSACTION_ENDED", "The migration ended the transaction that Detent had begun, so a part of it may stand.", {
		hint: "Take COMMIT, END and ROLLBACK out of it, or give it `transaction: 'none'` and let it keep its own.",
		facts,
		cause
	});
}
var MARK$1;
var init_transaction$1 = __esmMin(() => {
	init_src$3();
	init_src$2();
	init_busy();
	init_errors$1();
	init_foreign_keys();
	init_rebuild$1();
	MARK$1 = "detent_work";
});
// ../../adapters/sqlite/src/history.ts
/** The history in its tables. What is written inside the session's transaction is committed with it. */
function createHistory$1({ link, books, lock, patience, isWorking }) {
	const sql = books.history;
	const { history: table } = sql.tableNames;
	let newest = null;
	/** The session's transaction found its token in the row as it began, and has kept everybody else from writing since. */
	const isFenced = (token) => isWorking() && lock.heldToken() === token;
	const newestEvent = (connection, token) => {
		if (newest !== null && newest.token === token && isFenced(token)) return newest;
		const last = connection.get(sql.lastEvent);
		return last === void 0 ? {
			seq: 0,
			hash: LEDGER_START
		} : {
			seq: Number(last["seq"]),
			hash: String(last["hash"])
		};
	};
	const look = async (read) => {
		try {
			return await patiently$1(async () => read(await link.reading()), patience);
		} catch (error) {
			throw translate$1(error, link.path);
		}
	};
	const write = async (work) => {
		const connection = await link.writing();
		if (isWorking() && !connection.inTransaction) throw ended$1();
		if (!isWorking()) return inShortTransaction(connection, patience, () => work(connection));
		try {
			work(connection);
		} catch (error) {
			throw translate$1(error, link.path);
		}
	};
	const readRows = (connection) => {
		try {
			return connection.all(sql.read);
		} catch (error) {
			if (failureOf(error)?.primary !== "SQLITE_ERROR") throw error;
			checkColumns(columnsOf$1(connection, table), table);
			return connection.all(READ_ENTRIES(sql.tables.history));
		}
	};
	return {
		read: () => look((connection) => {
			if (!hasTable(connection, table)) return {
				exists: false,
				entries: []
			};
			const found = readRows(connection);
			checkLayout(found[0]?.["layout"], table);
			return {
				exists: true,
				entries: found.map(toEntry)
			};
		}),
		load: (id) => look((connection) => {
			if (!hasTable(connection, table)) return null;
			const row = connection.get(sql.load, id);
			return row === void 0 ? null : toRow(row);
		}),
		async init() {
			const connection = await link.writing();
			const isThere = hasTable(connection, table);
			if (isThere) checkColumns(columnsOf$1(connection, table), table);
			const layout = hasTable(connection, sql.tableNames.lock) ? connection.get(sql.readLock)?.["layout"] : null;
			const steps = isThere && layout !== null && layout !== void 0 ? sql.upgrade(Number(layout)) : sql.create;
			if (steps.length === 0) return;
			await inShortTransaction(connection, patience, () => {
				lock.fence(connection);
				for (const step of steps) connection.exec(step);
			});
		},
		save: (row) => write((connection) => {
			if (isFenced(row.token)) connection.run(sql.saveFenced, ...rowValues(row));
			else if (connection.run(sql.save, ...rowValues(row), row.token) === 0) throw lockLost$1(connection, books.lock, row.token);
		}),
		append: (line) => write((connection) => {
			const token = lock.token(connection);
			const { seq, hash: previousHash } = newestEvent(connection, token);
			const event = {
				...line,
				seq: seq + 1,
				previousHash,
				hash: chainHash(previousHash, line)
			};
			if (isFenced(token)) connection.run(sql.appendFenced, ...eventValues(event));
			else if (connection.run(sql.append, ...eventValues(event), token) === 0) throw lockLost$1(connection, books.lock, token);
			newest = isFenced(token) ? {
				token,
				seq: event.seq,
				hash: event.hash
			} : null;
		}),
		forget() {
			newest = null;
		},
		events: (limit) => look((connection) => {
			if (!hasTable(connection, sql.tableNames.event)) return [];
			return connection.all(sql.events, limit ?? -1).map(toEvent).toReversed();
		})
	};
}
function columnsOf$1(connection, table) {
	return connection.all("SELECT name FROM pragma_table_info(?)", table).map(({ name }) => String(name));
}
var READ_ENTRIES;
var init_history$1 = __esmMin(() => {
	init_src$3();
	init_src$2();
	init_bookkeeping$1();
	init_busy();
	init_errors$1();
	init_lock$1();
	init_transaction$1();
	READ_ENTRIES = (table) => `SELECT ${ENTRY_COLUMNS.map(({ name }) => quoteIdent(sqlite$1, name)).join(", ")} FROM ${table} ORDER BY applied_order`;
});
// ../../adapters/sqlite/src/sums.ts
/** Rows and checksum of every table but SQLite's and Detent's own, by name. */
async function contentSums$1(connection, own) {
	const sums = [];
	for (const name of tableNames(connection, own)) sums.push(await sumOf(connection, name));
	return sums;
}
/** The rows alone. */
function rowCounts(connection, own) {
	return tableNames(connection, own).map((name) => ({
		name,
		rows: Number(connection.value(`SELECT count(*) FROM ${quoteIdent(sqlite$1, "main", name)}`))
	}));
}
function tableNames(connection, own) {
	const mine = new Set(own.map((name) => name.toLowerCase()));
	return connection.all(TABLES).map(({ name }) => String(name)).filter((name) => !mine.has(name.toLowerCase()));
}
async function sumOf(connection, table) {
	const columns = connection.all(COLUMNS, table);
	const quoted = columns.map(({ name }) => quoteIdent(sqlite$1, String(name)));
	const key = columns.filter(({ pk }) => Number(pk) > 0).sort((a, b) => Number(a["pk"]) - Number(b["pk"]));
	const order = key.length > 0 ? key.map(({ name }) => quoteIdent(sqlite$1, String(name))) : quoted;
	const text = `SELECT ${quoted.map((column) => `iif(instr(${column}, char(0)), typeof(${column}) || hex(${column}), quote(${column}))`).join(" || ',' || ")} AS line FROM ${quoteIdent(sqlite$1, "main", table)} ORDER BY ${order.join(", ")}`;
	const digest = createHash("sha256").update(columns.map(({ name }) => String(name)).join());
	let rows = 0;
	let chunk = "";
	let sinceBreath = 0;
	for (const { line: values } of connection.iterate(text)) {
		chunk += `\n${String(values)}`;
		rows += 1;
		if (chunk.length < CHUNK) continue;
		digest.update(chunk);
		sinceBreath += chunk.length;
		chunk = "";
		if (sinceBreath < BREATH) continue;
		sinceBreath = 0;
		await setImmediate$1();
	}
	return {
		name: table,
		rows,
		checksum: `sha256:${digest.update(chunk).digest("hex")}`
	};
}
var BREATH, CHUNK, TABLES, COLUMNS;
var init_sums$1 = __esmMin(() => {
	init_src$2();
	BREATH = 4e6;
	CHUNK = 65536;
	TABLES = `
  SELECT name FROM pragma_table_list
  WHERE schema = 'main' AND type IN ('table', 'virtual') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`;
	COLUMNS = "SELECT name, pk FROM pragma_table_xinfo(?) WHERE hidden = 0 ORDER BY cid";
});
// ../../adapters/sqlite/src/verify.ts
/** Reads a backup as a whole. Its hash vouches for the checksums, which were taken from the same bytes. Throws `BACKUP_DAMAGED`. */
async function verifyBackup(manifest, live, books) {
	const { path } = manifest;
	const damaged = (what, cause) => new DetentError("BACKUP_DAMAGED", `The backup ${path} ${what}.`, {
		hint: "Keep it for a closer look, and use another backup.",
		facts: { path },
		cause
	});
	const stats = await stat(path).catch(() => null);
	if (stats === null) throw damaged("is not there");
	if (stats.size !== manifest.bytes || await hashFile$1(path) !== manifest.hash) throw damaged("is not as it was written");
	let copy;
	try {
		copy = live.library.connect(path, {
			readOnly: true,
			busyTimeoutMs: 100
		});
		const check = String(copy.value("PRAGMA quick_check(1)"));
		if (check !== "ok") throw damaged(`does not pass SQLite's own check: ${check}`);
		if (schemaFingerprint$1(copy, books.own) !== manifest.fingerprint) throw damaged("has another schema than its manifest says");
		const counts = rowCounts(copy, books.own);
		const told = new Map(manifest.objects.map(({ name, rows }) => [name, rows]));
		if (counts.length !== told.size || counts.some(({ name, rows }) => told.get(name) !== rows)) throw damaged("has other rows than its manifest says");
	} catch (error) {
		throw error instanceof DetentError ? error : damaged("cannot be read", error);
	} finally {
		copy?.close();
	}
}
var init_verify = __esmMin(() => {
	init_src$3();
	init_busy();
	init_file$1();
	init_fingerprint$1();
	init_sums$1();
});
// ../../adapters/sqlite/src/restore.ts
/**
* The backup is copied to a scratch file, the history is written there, and then the scratch goes over the live
* database in one transaction of SQLite's backup interface. Killed at any moment, the database is as before or as
* restored. A file put in its place would be read together with the old log beside it, which undoes the restore.
*/
async function restoreFrom({ link, books, lock, patience }, manifest, record) {
	const live = await link.writing();
	const { path } = live;
	if (path === null) throw new DetentError("RESTORE_FAILED", "A database in memory cannot be restored.", { hint: "Use a file." });
	const scratchPath = `${path}.detent-restore`;
	try {
		await verifyBackup(manifest, live, books);
		await lock.quietly(async () => {
			lock.fence(live);
			await removeDatabase(scratchPath);
			const scratch = await makeScratch(live, manifest, scratchPath);
			try {
				lock.carryOver(live, scratch);
				const history = createHistory$1({
					link: borrowedLink(scratch, false),
					books,
					lock,
					patience,
					isWorking: () => false
				});
				await history.init();
				await record(history);
				lock.fence(live);
				await patiently$1(() => scratch.copyTo(path), patience);
			} finally {
				scratch.close();
			}
		});
		await compare$2(live, manifest, books.own);
	} catch (cause) {
		throw restoreFailed$1(manifest, cause);
	} finally {
		await removeDatabase(scratchPath);
	}
}
async function makeScratch(live, manifest, path) {
	const copy = live.library.connect(manifest.path, {
		readOnly: true,
		busyTimeoutMs: 100
	});
	try {
		await copy.copyTo(path);
	} finally {
		copy.close();
	}
	await syncFile(path);
	const scratch = live.library.connect(path, {
		readOnly: false,
		busyTimeoutMs: 100
	});
	scratch.exec("PRAGMA journal_mode = DELETE");
	const pageSize = Number(live.value("PRAGMA page_size"));
	if (pageSize !== Number(scratch.value("PRAGMA page_size"))) scratch.exec(`PRAGMA page_size = ${pageSize}; VACUUM`);
	return scratch;
}
async function compare$2(live, manifest, own) {
	const check = String(live.value("PRAGMA quick_check(1)"));
	if (check !== "ok") throw new Error(`the restored database does not pass SQLite's own check: ${check}`);
	if (schemaFingerprint$1(live, own) !== manifest.fingerprint) throw new Error("the restored schema is not the one in the manifest");
	const sums = await contentSums$1(live, own);
	if (JSON.stringify(sums) !== JSON.stringify(manifest.objects)) throw new Error("the restored rows are not those in the manifest");
}
function restoreFailed$1(manifest, cause) {
	if (cause instanceof DetentError) return cause;
	const words = cause instanceof Error ? cause.message.replace(/\.$/, "") : String(cause);
	return new DetentError("RESTORE_FAILED", `The backup could not be restored: ${words}.`, {
		hint: `The backup is kept at ${manifest.path}; put it back with \`detent restore\`.`,
		facts: { path: manifest.path },
		cause
	});
}
var init_restore$1 = __esmMin(() => {
	init_src$3();
	init_busy();
	init_file$1();
	init_fingerprint$1();
	init_history$1();
	init_link$1();
	init_sums$1();
	init_verify();
});
// ../../adapters/sqlite/src/server.ts
/** The facts are looked up when they are asked for: a start that finds nothing to do must not pay for them. */
function describeServer$1(link) {
	return {
		product: "SQLite",
		version: String(link.now().value("SELECT sqlite_version()")),
		get facts() {
			return factsOf$2(link.now(), link.path);
		}
	};
}
function factsOf$2(connection, path) {
	const pragma = (name) => String(connection.value(`PRAGMA ${name}`));
	const { library } = connection;
	return [
		{
			name: "SQLite",
			value: String(connection.value("SELECT sqlite_version()")),
			level: "ok"
		},
		{
			name: "driver",
			value: `${library.name} ${library.version}`,
			level: "ok"
		},
		...fileFacts(path),
		...path !== null && connection.path === null ? [] : [journalFact(pragma("journal_mode"), path)],
		{
			name: "synchronous",
			value: SYNCHRONOUS_LEVELS[Number(pragma("synchronous"))] ?? "unknown",
			...pragma("synchronous") === "0" ? UNSAFE : OK
		},
		{
			name: "foreign keys",
			value: pragma("foreign_keys") === "1" ? "on" : "off",
			level: "ok"
		},
		{
			name: "page size",
			value: bytes(Number(pragma("page_size"))),
			level: "ok"
		},
		integrityFact(connection)
	];
}
function fileFacts(path) {
	if (path === null) return [{
		name: "file",
		value: "none: a database in memory",
		level: "ok"
	}];
	const size = statSync(path, { throwIfNoEntry: false })?.size;
	const log = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
	const free = freeBytes(dirname(path));
	const tight = free !== null && free < (size ?? 0) * 1.2;
	return [
		{
			name: "file",
			value: path,
			level: "ok"
		},
		{
			name: "size",
			value: size === void 0 ? "not created yet" : bytes(size),
			level: "ok"
		},
		...log === 0 ? [] : [{
			name: "write-ahead log",
			value: bytes(log),
			level: "ok"
		}],
		{
			name: "free disk space",
			value: free === null ? "unknown" : bytes(free),
			...tight ? {
				level: "warn",
				hint: "A backup beside the database needs 1.2 times its size."
			} : OK
		}
	];
}
function journalFact(mode, path) {
	if (path === null || mode === "wal") return {
		name: "journal mode",
		value: mode,
		level: "ok"
	};
	if (mode === "off") return {
		name: "journal mode",
		value: mode,
		level: "error",
		hint: "Nothing can be rolled back; run PRAGMA journal_mode = wal."
	};
	return {
		name: "journal mode",
		value: mode,
		level: "ok",
		hint: "journalMode: 'wal' makes commits several times faster and lets others read meanwhile."
	};
}
function integrityFact(connection) {
	const result = String(connection.value("PRAGMA quick_check(1)"));
	if (result === "ok") return {
		name: "integrity",
		value: "ok",
		level: "ok"
	};
	return {
		name: "integrity",
		value: result,
		level: "error",
		hint: "The file is damaged; restore a backup."
	};
}
/** `null` where the file system does not say. */
function freeBytes(folder) {
	try {
		const { bavail, bsize } = statfsSync(folder);
		return bavail * bsize;
	} catch {
		return null;
	}
}
function bytes(count) {
	const units = [
		"B",
		"KiB",
		"MiB",
		"GiB",
		"TiB"
	];
	const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(count, 1)) / 10));
	const value = count / 1024 ** power;
	return `${power === 0 ? value : value.toFixed(1)} ${units[power] ?? ""}`;
}
var OK, UNSAFE, SYNCHRONOUS_LEVELS;
var init_server$1 = __esmMin(() => {
	OK = { level: "ok" };
	UNSAFE = {
		level: "warn",
		hint: "A power cut may damage the file; use normal or full."
	};
	SYNCHRONOUS_LEVELS = [
		"off",
		"normal",
		"full",
		"extra"
	];
});
// ../../adapters/sqlite/src/backup.ts
var backup_exports$1 = /* @__PURE__ */ __exportAll({ createBackup: () => createBackup$1 });
/** Copies made by SQLite's own backup interface: a copy of the file would leave behind what is still in its log. */
function createBackup$1(settings) {
	const { link, books, patience } = settings;
	const session = randomUUID();
	return {
		async check(folder) {
			return obstacles$1(await link.reading(), link.path, folder);
		},
		async backup(path, signal) {
			const live = await link.writing();
			const part = `${path}.part`;
			try {
				for (const obstacle of await obstacles$1(live, live.path, dirname(path))) throw new Error(obstacle);
				await refuseExisting(path);
				const dataVersion = Number(live.value("PRAGMA data_version"));
				await copySnapshot(live, part, patience);
				signal?.throwIfAborted();
				const manifest = await describe(live, part, books, signal);
				await renameDurably$1(part, path);
				const complete = {
					...manifest,
					path,
					details: {
						...manifest.details,
						session,
						dataVersion
					}
				};
				await writeManifest(complete);
				return complete;
			} catch (cause) {
				await removeDatabase(part);
				throw backupFailed$1(path, cause);
			}
		},
		async verify(manifest) {
			await verifyBackup(manifest, await link.reading(), books);
		},
		async sums() {
			return readAside(await link.reading(), patience, (aside) => contentSums$1(aside, books.own));
		},
		async othersWrote({ details }) {
			const connection = await link.reading();
			return details["session"] !== session || details["dataVersion"] !== Number(connection.value("PRAGMA data_version"));
		},
		async restore(manifest, record) {
			await restoreFrom(settings, manifest, record);
		},
		delete: deleteFiles
	};
}
async function obstacles$1(connection, path, folder) {
	if (path === null) return ["A database in memory cannot be backed up."];
	const stats = await stat(folder).catch(() => null);
	if (stats === null) return [`The folder for backups, ${folder}, does not exist.`];
	if (!stats.isDirectory()) return [`${folder} is not a folder.`];
	if (!await access(folder, constants.W_OK).then(() => true, () => false)) return [`This user may not write to the folder for backups, ${folder}.`];
	const needed = Math.ceil(sizeOf(connection) * ROOM$1);
	const free = freeBytes(folder);
	return free !== null && free < needed ? [`The disk of ${folder} has ${bytes(free)} left; the backup needs ${bytes(needed)}.`] : [];
}
function sizeOf(connection) {
	return Number(connection.value("PRAGMA page_count")) * Number(connection.value("PRAGMA page_size"));
}
async function refuseExisting(path) {
	if (await stat(path).catch(() => null) !== null) throw new Error(`${path} is there already`);
}
/**
* From a second connection that has begun to read: it keeps one state of the database, whoever commits meanwhile, and
* the session's own connection stays free for its signs of life.
*/
async function copySnapshot(live, target, patience) {
	await (await open(target, "wx", 384)).close();
	await readAside(live, patience, (aside) => aside.copyTo(target));
	const copy = live.library.connect(target, {
		readOnly: false,
		busyTimeoutMs: 100
	});
	copy.exec("PRAGMA journal_mode = DELETE");
	copy.close();
	await syncFile(target);
}
/** Does `read` in one read transaction of a second connection; in memory there is only the first. */
async function readAside(live, patience, read) {
	if (live.path === null) return read(live);
	const aside = live.library.connect(live.path, {
		readOnly: true,
		busyTimeoutMs: 100
	});
	try {
		aside.exec("BEGIN");
		await patiently$1(() => aside.value("SELECT count(*) FROM sqlite_schema"), patience);
		return await read(aside);
	} finally {
		aside.close();
	}
}
/** What the copy holds, counted in the copy. */
async function describe(live, path, books, signal) {
	const copy = live.library.connect(path, {
		readOnly: true,
		busyTimeoutMs: 100
	});
	try {
		return {
			format: "detent-backup-1",
			adapter: "sqlite",
			product: "SQLite",
			serverVersion: String(copy.value("SELECT sqlite_version()")),
			path,
			createdAt: Date.now(),
			runId: runOf$1(copy, books),
			bytes: (await stat(path)).size,
			hash: await hashFile$1(path, signal),
			fingerprint: schemaFingerprint$1(copy, books.own),
			objects: await contentSums$1(copy, books.own),
			details: {
				pages: Number(copy.value("PRAGMA page_count")),
				pageSize: Number(copy.value("PRAGMA page_size"))
			}
		};
	} finally {
		copy.close();
	}
}
function runOf$1(copy, books) {
	return hasTable(copy, books.lock.table) ? copy.value(books.lock.runId) ?? null : null;
}
function backupFailed$1(path, cause) {
	if (cause instanceof DetentError) return cause;
	const words = cause instanceof Error ? cause.message.replace(/\.$/, "") : String(cause);
	return new DetentError("BACKUP_FAILED", `The backup ${basename(path)} could not be written: ${words}.`, {
		hint: "Nothing was changed. Clear what is in the way, or choose another folder for backups.",
		facts: { path },
		cause
	});
}
var ROOM$1;
var init_backup$1 = __esmMin(() => {
	init_src$3();
	init_backup$2();
	init_bookkeeping$1();
	init_busy();
	init_file$1();
	init_fingerprint$1();
	init_restore$1();
	init_verify();
	init_server$1();
	init_sums$1();
	ROOM$1 = 1.2;
});
// ../../adapters/sqlite/src/backup-when-needed.ts
/** The backup driver, loaded when it is first asked for: most starts need none. */
function backupWhenNeeded$1(settings) {
	let loaded = null;
	const driver = () => {
		loaded ??= Promise.resolve().then(() => (init_backup$1(), backup_exports$1)).then(({ createBackup }) => createBackup(settings));
		return loaded;
	};
	return {
		check: async (folder) => (await driver()).check(folder),
		backup: async (path, signal) => (await driver()).backup(path, signal),
		verify: async (manifest) => (await driver()).verify(manifest),
		sums: async () => (await driver()).sums(),
		othersWrote: async (manifest) => (await driver()).othersWrote(manifest),
		restore: async (manifest, record) => (await driver()).restore(manifest, record),
		delete: async (manifest) => (await driver()).delete(manifest)
	};
}
var init_backup_when_needed$1 = __esmMin(() => {});
// ../../adapters/sqlite/src/batches.ts
/** Reads tables in the order of their key, from one place to the next, so that no row is counted past twice. */
function createBatches$1(link, patience) {
	const keys = /* @__PURE__ */ new Map();
	const keyOf = (connection, table) => {
		let key = keys.get(table);
		if (key === void 0) keys.set(table, key = readKey(connection, table));
		return key;
	};
	return {
		async count(table) {
			const connection = await link.reading();
			keyOf(connection, table);
			return patiently$1(() => Number(connection.value(`SELECT count(*) FROM ${quoteIdent(sqlite$1, "main", table)}`)), patience);
		},
		async read({ table, size, after }) {
			const connection = await link.reading();
			const key = keyOf(connection, table);
			const columns = key.map((column) => quoteIdent(sqlite$1, column));
			const aliases = key.map((_, index) => `"${CURSOR$1}${index}"`);
			const selected = columns.map((column, index) => `${column} AS ${aliases[index] ?? ""}`).join(", ");
			const place = decodeCursor(after);
			const condition = place === null ? "" : `WHERE (${columns.join(", ")}) > (${place.map(() => "?").join(", ")})`;
			const text = `SELECT ${selected}, * FROM ${quoteIdent(sqlite$1, "main", table)} ${condition} ORDER BY ${columns.join(", ")} LIMIT ?`;
			const found = await patiently$1(() => connection.exact(text, [...place ?? [], size]), patience);
			const last = found.length < size ? void 0 : found.at(-1);
			return {
				rows: found.map(withoutCursor$1),
				cursor: last === void 0 ? null : key.map((_, index) => encode(last[`${CURSOR$1}${index}`]))
			};
		}
	};
}
/** The primary key, or the hidden row number under whichever of its names no column has taken. Throws `CONFIG`. */
function readKey(connection, table) {
	const columns = connection.all("SELECT name, pk FROM pragma_table_xinfo(?)", table);
	if (columns.length === 0) throw misuse(`There is no table "${table}" to go through.`, "Name a table of the database, without its schema.");
	const taken = new Set(columns.map(({ name }) => String(name).toLowerCase()));
	const hasRowid = Number(connection.value(WITHOUT_ROWID, table)) !== 1;
	const hidden = [
		"rowid",
		"_rowid_",
		"oid"
	].find((name) => !taken.has(name));
	if (hasRowid && hidden !== void 0) return [hidden];
	const key = columns.filter(({ pk }) => Number(pk) > 0).sort((a, b) => Number(a["pk"]) - Number(b["pk"]));
	if (key.length > 0) return key.map(({ name }) => String(name));
	throw misuse(`The table "${table}" has no key to go along.`, "Give it a primary key first.");
}
function withoutCursor$1(row) {
	return Object.fromEntries(Object.entries(row).filter(([column]) => !column.startsWith(CURSOR$1)));
}
function encode(value) {
	if (typeof value === "bigint") return { bigint: String(value) };
	if (value instanceof Uint8Array) return { blob: Buffer.from(value).toString("base64") };
	return value;
}
function decodeCursor(cursor) {
	if (cursor === null || cursor === void 0) return null;
	if (!Array.isArray(cursor)) throw misuse("The saved place of a batch is not one that SQLite wrote.", "Settle the migration with `detent resolve`.");
	return cursor.map((part) => {
		if (typeof part !== "object" || part === null) return part;
		return "bigint" in part ? BigInt(part.bigint) : Buffer.from(part.blob, "base64");
	});
}
var CURSOR$1, WITHOUT_ROWID;
var init_batches$1 = __esmMin(() => {
	init_src$3();
	init_src$2();
	init_busy();
	CURSOR$1 = "detent cursor ";
	WITHOUT_ROWID = "SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?";
});
// ../../adapters/sqlite/src/settings.ts
function readSettings(connection) {
	return new Map(PRAGMAS.map((name) => [name, connection.value(`PRAGMA ${name}`)]));
}
/** Puts back what differs, and drops temporary tables and attached databases. Outside a transaction. */
function restoreSettings(connection, settings) {
	for (const [name, value] of settings) if (connection.value(`PRAGMA ${name}`) !== value) connection.exec(`PRAGMA ${name} = ${String(value)}`);
	for (const { type, name } of connection.all("SELECT type, name FROM temp.sqlite_schema WHERE type IN ('table', 'view')")) connection.exec(`DROP ${String(type)} IF EXISTS temp."${String(name).replaceAll("\"", "\"\"")}"`);
	for (const { name } of connection.all("SELECT name FROM pragma_database_list WHERE name NOT IN ('main', 'temp')")) connection.exec(`DETACH "${String(name).replaceAll("\"", "\"\"")}"`);
}
var PRAGMAS;
var init_settings$1 = __esmMin(() => {
	PRAGMAS = [
		"foreign_keys",
		"recursive_triggers",
		"ignore_check_constraints",
		"legacy_alter_table",
		"reverse_unordered_selects",
		"query_only",
		"trusted_schema",
		"synchronous",
		"busy_timeout"
	];
});
// ../../adapters/sqlite/src/hints.ts
/** The next step after a refused statement, never one of Detent's `own` tables; `null` when there is nothing to say that SQLite has not said. */
function hintFor$1(connection, text, failure, position, own) {
	const { message } = failure;
	const missing = /^no such (table|column|index|view|trigger|function): (.+)$/s.exec(message);
	if (missing?.[1] !== void 0 && missing[2] !== void 0) return missingName(connection, missing[1], missing[2], own);
	const unknownColumn = /^table (.+) has no column named (.+)$/s.exec(message);
	if (unknownColumn?.[1] !== void 0 && unknownColumn[2] !== void 0) return suggestion(unknownColumn[2], columnsOf(connection, unknownColumn[1]));
	if (message.startsWith("error in view") || message.startsWith("error in trigger")) return "It names the table that this statement renames or drops: drop it first and make it again at the end.";
	if (/^(near |unrecognized token|incomplete input)/.test(message)) return syntaxHint$1(text, position);
	return CONSTRAINTS[failure.code] ?? (failure.primary === "SQLITE_FULL" ? "Free some space on the disk and start again." : null);
}
function syntaxHint$1(text, position) {
	const rest = position === null ? "" : text.slice(position);
	if (position !== null && position > 0 && STARTS_STATEMENT$1.test(rest) && /(?:\n|\))\s*$/.test(text.slice(0, position))) return "Is a semicolon missing before this word?";
	const habit = HABITS$1.find(([pattern]) => pattern.test(text))?.[1];
	if (habit !== void 0) return habit;
	return position === text.length ? "The statement ends too early; is a parenthesis open?" : null;
}
function missingName(connection, kind, name, own) {
	const bare = name.slice(name.lastIndexOf(".") + 1);
	switch (kind) {
		case "column": return suggestion(bare, everyColumn(connection, own));
		case "function": return "SQLite has no such function here; one that the application registers is not there when migrations run.";
		default: return suggestion(bare, names(connection, kind, own)) ?? "Is there a migration before this one that creates it?";
	}
}
function suggestion(word, candidates) {
	const found = nearest(word, candidates);
	return found === null || found === word ? null : `Did you mean "${found}"?`;
}
function names(connection, kind, own) {
	const kinds = kind === "table" ? ["table", "view"] : [kind, kind];
	return connection.all("SELECT name FROM main.sqlite_schema WHERE type IN (?, ?)", ...kinds).map(({ name }) => String(name)).filter((name) => !own.includes(name));
}
function columnsOf(connection, table) {
	return connection.all("SELECT name FROM pragma_table_info(?)", table).map(({ name }) => String(name));
}
function everyColumn(connection, own) {
	return connection.all("SELECT t.name AS owner, column.name FROM main.sqlite_schema AS t JOIN pragma_table_info(t.name) AS column WHERE t.type IN ('table', 'view')").filter(({ owner }) => !own.includes(String(owner))).map(({ name }) => String(name));
}
var CONSTRAINTS, HABITS$1, STARTS_STATEMENT$1;
var init_hints$1 = __esmMin(() => {
	init_src$3();
	CONSTRAINTS = {
		SQLITE_CONSTRAINT_UNIQUE: "Two rows have the same value; make them differ in an earlier statement.",
		SQLITE_CONSTRAINT_NOTNULL: "Give the column a value in every row, or a DEFAULT.",
		SQLITE_CONSTRAINT_FOREIGNKEY: "The row it refers to is not there; insert parents before children, and delete them after.",
		SQLITE_CONSTRAINT_CHECK: "A row does not pass the CHECK; correct the rows first."
	};
	HABITS$1 = [
		[/\bauto_increment\b/i, "SQLite writes it INTEGER PRIMARY KEY, or INTEGER PRIMARY KEY AUTOINCREMENT."],
		[/\binsert\s+column\b/i, "Did you mean ADD COLUMN?"],
		[/\balter\s+(?:column\b|table\s+\S+\s+(?:alter|modify|change)\b)/i, "SQLite cannot change a column: make a new table, copy the rows, drop the old one and rename the new one."],
		[/\b(?:drop|add)\s+(?:constraint|foreign\s+key|primary\s+key)\b/i, "SQLite cannot add or drop a constraint: make a new table, copy the rows, drop the old one and rename the new one."],
		[/\b(?:add|drop)\s+column\s+if\b/i, "SQLite has no IF [NOT] EXISTS for columns; a migration runs once, so leave it out."],
		[/\)\s*(?:engine|default\s+charset|charset|collate)\s*=/i, "Table options such as ENGINE= belong to MySQL; leave them out."],
		[/^\s*create\s+(?:type|schema|extension|sequence|function|procedure)\b/i, "SQLite has no such thing to create."],
		[/^\s*truncate\b/i, "SQLite writes it DELETE FROM."],
		[/\benum\s*\(/i, "SQLite has no ENUM: use TEXT CHECK (x IN ('a', 'b'))."],
		[/\bdefault\s+(?:now|uuid|gen_random_uuid)\s*\(/i, "A DEFAULT that calls a function stands in parentheses: DEFAULT (datetime('now')) or DEFAULT CURRENT_TIMESTAMP."],
		[/::\s*\w+/, "SQLite writes a conversion CAST(x AS type)."],
		[/\b(?:key|index)\s*\w*\s*\(/i, "An index is made by its own statement: CREATE INDEX name ON table (column)."]
	];
	STARTS_STATEMENT$1 = /^(?:create|insert|update|delete|alter|drop|select|with|pragma|replace)\b/i;
});
// ../../adapters/sqlite/src/position.ts
/** Where in `text` SQLite saw the error, counting characters from 0; `null` when its message does not say. */
function findPosition(connection, text, message) {
	const near = /^near "(.*)": syntax error$/s.exec(message)?.[1];
	if (near !== void 0) return findToken(connection, text, near, message);
	const unrecognised = /^unrecognized token: "(.*)"$/s.exec(message)?.[1];
	if (unrecognised !== void 0) return findToken(connection, text, unrecognised, message);
	if (message === "incomplete input") return text.length;
	const name = NAMES.map((pattern) => pattern.exec(message)?.[1]).find((found) => found !== void 0);
	return name === void 0 ? null : findName(text, name);
}
/**
* SQLite's parser stops at the first token that cannot stand where it stands, and names it without saying which of its
* occurrences it is: the first one at which the text up to and with it fails in the same words. Preparing runs nothing.
*/
function findToken(connection, text, token, message) {
	let from = 0;
	for (let tries = 0; tries < MOST_TRIES; tries += 1) {
		const at = text.indexOf(token, from);
		if (at < 0) return null;
		if (!isInsideWord(text, at, token) && failsWith(connection, text.slice(0, at + token.length), message)) return at;
		from = at + 1;
	}
	return null;
}
function failsWith(connection, text, message) {
	try {
		connection.check(text);
		return false;
	} catch (error) {
		return failureOf(error)?.message === message;
	}
}
function findName(text, name) {
	const bare = name.slice(name.lastIndexOf(".") + 1);
	for (const wanted of /* @__PURE__ */ new Set([name, bare])) {
		const lower = text.toLowerCase();
		for (let at = lower.indexOf(wanted.toLowerCase()); at >= 0; at = lower.indexOf(wanted.toLowerCase(), at + 1)) if (!isInsideWord(text, at, wanted)) return at;
	}
	return null;
}
function isInsideWord(text, at, token) {
	const joins = (left, right) => left !== void 0 && right !== void 0 && WORD.test(left) && WORD.test(right);
	return joins(text[at - 1], token[0]) || joins(token.at(-1), text[at + token.length]);
}
var MOST_TRIES, NAMES, WORD;
var init_position = __esmMin(() => {
	init_errors$1();
	MOST_TRIES = 300;
	NAMES = [
		/^no such (?:table|column|index|trigger|view|function|collation sequence|module): (.+?)(?: - should this .*)?$/s,
		/^table .+ has no column named (.+)$/s,
		/^(?:table|view|index|trigger) "?(.+?)"? already exists$/s,
		/^there is already (?:a table|an index|another table or index with this name:?) (?:named )?(.+)$/s,
		/^duplicate column name: (.+)$/s,
		/^ambiguous column name: (.+)$/s,
		/^unknown column "(.+)" in foreign key definition$/s,
		/^wrong number of arguments to function (.+)\(\)$/s
	];
	WORD = /[\p{L}\p{N}_$]/u;
});
// ../../adapters/sqlite/src/statement.ts
/**
* Sends one statement and gives the rows it changed. Throws `STATEMENT_FAILED` with the place of the error as near as
* SQLite tells it, and `TRANSACTION_ENDED` when the statement ended a transaction that was open before it.
*/
function send$1(connection, statement, file, own) {
	const wasOpen = connection.inTransaction;
	try {
		connection.exec(statement.text);
	} catch (error) {
		const failure = failureOf(error);
		if (failure === null) throw error;
		throw statementFailed$1(connection, statement, file, failure, {
			undone: wasOpen && !connection.inTransaction,
			cause: error,
			own
		});
	}
	if (wasOpen && !connection.inTransaction) throw ended$1(void 0, placeOf$2(statement, file, null));
	return statement.kind === "data" ? Number(connection.value("SELECT changes()")) : null;
}
/** ATTACH opens any file that this user may open, so a script gets it only where the options say so. */
function refuseAttach(statement, file) {
	if (!"aAdD".includes(statement.text.charAt(0)) || !/^(attach|detach)\b/i.test(statement.text)) return;
	throw new DetentError("STATEMENT_FAILED", "ATTACH and DETACH are not allowed in migrations.", {
		hint: "Set `allowAttach: true` in the options of sqlite(…) if other files belong to this database.",
		facts: placeOf$2(statement, file, null)
	});
}
function statementFailed$1(connection, statement, file, failure, { undone, cause, own }) {
	const position = findPosition(connection, statement.text, failure.message);
	const busy = failure.primary === "SQLITE_BUSY" || failure.primary === "SQLITE_LOCKED";
	const hint = hintFor$1(connection, statement.text, failure, position, own);
	const undoneWords = undone ? " SQLite has undone the whole transaction." : "";
	return new DetentError(busy ? "LOCK_TIMEOUT" : "STATEMENT_FAILED", `SQLite refused the statement: ${failure.message}.${undoneWords}`, {
		hint: hint ?? "Correct the statement, then run again.",
		facts: {
			...placeOf$2(statement, file, position),
			...position === null ? {} : { position },
			server: failure.message,
			serverCode: failure.code,
			...undone ? { transactionUndone: true } : {}
		},
		cause
	});
}
function placeOf$2({ text, line, column }, file, position) {
	const before = text.slice(0, position ?? 0).split("\n");
	const last = before.at(-1) ?? "";
	return {
		place: {
			file,
			...before.length === 1 ? {
				line,
				column: column + last.length
			} : {
				line: line + before.length - 1,
				column: last.length + 1
			}
		},
		statement: text
	};
}
var init_statement$1 = __esmMin(() => {
	init_src$3();
	init_errors$1();
	init_hints$1();
	init_position();
	init_transaction$1();
});
// ../../adapters/sqlite/src/values.ts
/** A value as both drivers bind it. Throws `CONFIG` for what SQLite has no form for. */
function bindable(value) {
	if (value === null || typeof value === "number" || typeof value === "bigint" || typeof value === "string") return value;
	if (value instanceof Uint8Array) return value;
	if (typeof value === "boolean") return value ? 1 : 0;
	if (value instanceof Date) return value.toISOString();
	throw misuse(`A value of type ${typeof value} cannot be bound to a SQLite statement.`, "Pass null, a number, a bigint, a string, a boolean, a Date or bytes; make text of anything else, e.g. with JSON.stringify.");
}
var init_values = __esmMin(() => {
	init_src$3();
});
// ../../adapters/sqlite/src/session.ts
/** Puts the parts together around one connection. `Db` is the class of the driver's database. */
function createSession$1({ link, options, patience, allowAttach, batchCommits }) {
	const books = bookkeeping$1(options.table);
	const lock = createLock$1({
		link,
		sql: books.lock,
		patience,
		batchCommits
	});
	const history = createHistory$1({
		link,
		books,
		lock,
		patience,
		isWorking: () => working
	});
	const backup = backupWhenNeeded$1({
		link,
		books,
		lock,
		patience
	});
	const { path } = link;
	const { limitMs } = patience;
	let working = false;
	let settings = null;
	/** Once, before anything runs that may change them. */
	const remember = (connection) => {
		settings ??= readSettings(connection);
	};
	const looking = async (look) => {
		try {
			return await patiently$1(async () => look(await link.reading()), patience);
		} catch (error) {
			throw translate$1(error, path);
		}
	};
	const executeOne = async (statement, file) => {
		if (!allowAttach) refuseAttach(statement, file);
		const connection = await link.writing();
		if (leavesTraces$1(statement)) remember(connection);
		if (connection.inTransaction) return send$1(connection, statement, file, books.own);
		if (working) throw ended$1();
		lock.fence(connection);
		return patiently$1(() => send$1(connection, statement, file, books.own), patience);
	};
	const fingerprint = () => looking((connection) => schemaFingerprint$1(connection, books.own));
	return {
		get db() {
			return link.now().db;
		},
		capabilities: capabilitiesOf$1(path),
		server: describeServer$1(link),
		history,
		lock,
		backup,
		batches: createBatches$1(link, patience),
		sql: sqlTag(sqlite$1, async (text, values) => (await link.reading()).exact(text, values.map(bindable))),
		async transaction(scope, work) {
			const connection = await link.writing();
			if (scope.statements === null) remember(connection);
			const logger = options.logger;
			const fence = () => lock.fence(connection);
			try {
				return await inTransaction({
					connection,
					patience,
					logger,
					fence
				}, scope, async () => {
					working = true;
					try {
						return await work();
					} finally {
						working = false;
					}
				});
			} catch (error) {
				history.forget();
				throw error;
			}
		},
		async execute(statements, file, progress) {
			const results = [];
			for (const [index, statement] of statements.entries()) {
				progress?.signal.throwIfAborted();
				const result = { rows: await executeOne(statement, file) };
				results.push(result);
				progress?.done(index, result);
			}
			return results;
		},
		async limit({ lockMs }) {
			if (lockMs !== null) patience.limitMs = lockMs;
		},
		async reset() {
			patience.limitMs = limitMs;
			const connection = await link.reading();
			if (connection.inTransaction) {
				connection.exec("ROLLBACK");
				options.logger.warn("A transaction that the migration left open was rolled back.");
			}
			if (settings !== null) restoreSettings(connection, settings);
			settings = null;
		},
		fingerprint,
		covered: async ({ length }) => length,
		async trace() {
			return {
				kind: "schema",
				fingerprint: await fingerprint(),
				scope: null,
				after: null
			};
		},
		foreignHistory: async () => null,
		async close() {
			await lock.close();
			link.close();
		}
	};
}
/** Beyond the schema and the rows: settings, or tables that only this connection sees. */
function leavesTraces$1({ kind, text }) {
	return kind === "session" || kind === "transaction" || /^create\s+temp/i.test(text);
}
function capabilitiesOf$1(path) {
	return {
		transactionalDdl: true,
		transactions: true,
		together: true,
		alone: true,
		backup: path !== null || "A database in memory is gone with its process, so there is nothing to put a backup back into.",
		cancel: false
	};
}
/** `CONFIG` for a schema that SQLite does not have. */
function checkSchema(schema) {
	if (schema === null || schema === "main") return;
	throw new DetentError("CONFIG", "SQLite keeps its history in the database itself, so there is no schema to choose.", { hint: "Leave `schema` out, and choose the name of the table with `table`." });
}
var init_session$1 = __esmMin(() => {
	init_src$3();
	init_src$2();
	init_backup_when_needed$1();
	init_batches$1();
	init_bookkeeping$1();
	init_busy();
	init_errors$1();
	init_fingerprint$1();
	init_history$1();
	init_lock$1();
	init_server$1();
	init_settings$1();
	init_statement$1();
	init_transaction$1();
	init_values();
});
// ../../adapters/sqlite/src/url.ts
/**
* Reads `sqlite:app.db`, `sqlite:///abs/app.db`, `file:app.db`, `:memory:` or a bare path. Parameters come from the list
* above and nothing else is passed on to SQLite: its own `vfs=`, `mode=` or `immutable=` would bypass the checks made
* here. Throws `CONFIG`.
*/
function parseUrl$1(url) {
	if (url.includes("\0")) throw misuse("The SQLite URL holds a NUL character.", "Write it anew, without what was pasted along.");
	const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1];
	if (scheme === void 0) return place(url, url);
	if (![
		"sqlite",
		"sqlite3",
		"file"
	].includes(scheme.toLowerCase())) throw misuse(`"${scheme}:" is not a URL of SQLite.`, "Write sqlite:app.db, sqlite:///absolute/app.db, file:app.db, or a path.");
	const [written = "", query = ""] = url.slice(scheme.length + 1).split(/\?(.*)/s);
	return {
		...place(decode$1(withoutAuthority(written)), `${scheme}:${written}`),
		...parameters$1(query)
	};
}
function place(path, shown) {
	if (path === "") throw misuse("The SQLite URL names no file.", "Write sqlite:app.db, or :memory: for a database that is gone when the process ends.");
	return {
		path: path === ":memory:" ? null : resolve(path),
		shown
	};
}
function withoutAuthority(written) {
	const authority = /^\/\/([^/]*)/.exec(written)?.[1];
	if (authority === void 0) return written;
	if (authority !== "" && authority !== "localhost") throw misuse("A SQLite URL has no host.", "Write sqlite:app.db for a path from here, or sqlite:///… for an absolute one.");
	const path = written.slice(2 + authority.length);
	return /^\/[a-z]:\//i.test(path) ? path.slice(1) : path;
}
function decode$1(path) {
	try {
		const decoded = decodeURIComponent(path);
		if (!decoded.includes("\0")) return decoded;
	} catch {}
	throw misuse("The path in the SQLite URL is not percent-encoded as it should be.", "Write % as %25, ? as %3F and a space as %20; or pass a bare path.");
}
function parameters$1(query) {
	const given = new URLSearchParams(query);
	for (const name of given.keys()) {
		if (PARAMETERS$1.includes(name)) continue;
		throw misuse(`A SQLite URL has no parameter "${name}"${didYouMean(name, PARAMETERS$1) || "."}`, `Known: ${PARAMETERS$1.join(", ")}.`);
	}
	const journalMode = given.get("journalMode");
	const synchronous = given.get("synchronous");
	const busyTimeoutMs = given.get("busyTimeoutMs");
	return {
		...journalMode === null ? {} : { journalMode: choice("journalMode", journalMode, JOURNAL_MODES) },
		...synchronous === null ? {} : { synchronous: choice("synchronous", synchronous, SYNCHRONOUS) },
		...busyTimeoutMs === null ? {} : { busyTimeoutMs: milliseconds("busyTimeoutMs", busyTimeoutMs) }
	};
}
/** Throws `CONFIG` naming the nearest value. */
function choice(name, value, known) {
	if (typeof value !== "string") throw misuse(`${name} must be a text.`, `It is one of ${known.join(", ")}.`);
	const found = known.find((item) => item === value.toLowerCase());
	if (found !== void 0) return found;
	throw misuse(`${name} cannot be "${value}"${didYouMean(value, known) || "."}`, `It is one of ${known.join(", ")}.`);
}
/** Throws `CONFIG` for anything but a whole number from 0 on. */
function milliseconds(name, value) {
	const number = typeof value === "number" ? value : /^\d{1,9}$/.test(value) ? Number(value) : NaN;
	if (Number.isSafeInteger(number) && number >= 0) return number;
	throw misuse(`${name} must be a whole number of milliseconds.`, "Write e.g. 10000 for ten seconds.");
}
var JOURNAL_MODES, SYNCHRONOUS, PARAMETERS$1;
var init_url$1 = __esmMin(() => {
	init_src$3();
	JOURNAL_MODES = [
		"keep",
		"wal",
		"delete",
		"truncate",
		"persist"
	];
	SYNCHRONOUS = [
		"off",
		"normal",
		"full",
		"extra"
	];
	PARAMETERS$1 = [
		"journalMode",
		"synchronous",
		"busyTimeoutMs"
	];
});
// ../../adapters/sqlite/src/options.ts
/** Throws `CONFIG`. What stands in the URL goes before what stands beside it. */
function checkOptions$1(options) {
	for (const key of Object.keys(options)) if (!KEYS$1.includes(key)) throw misuse(`sqlite(…) has no option "${key}"${didYouMean(key, KEYS$1) || "."}`, `Known: ${KEYS$1.join(", ")}.`);
	const { url, database, driver, journalMode, synchronous, busyTimeoutMs, allowAttach, ...rest } = options;
	if (url === void 0 === (database === void 0)) throw misuse("sqlite(…) needs either `url` or `database`.", "Write sqlite({ url: 'app.db' }).");
	if (url !== void 0 && typeof url !== "string") throw misuse("`url` must be a text.", "Write sqlite({ url: 'app.db' }).");
	if (database !== void 0 && !isObject(database)) throw misuse("`database` must be an open database.", "Pass `new DatabaseSync(path)`, or `url`.");
	if (allowAttach !== void 0 && typeof allowAttach !== "boolean") throw misuse("allowAttach must be true or false.", "Leave it out for false.");
	const given = {
		journalMode: journalMode === void 0 ? void 0 : choice("journalMode", journalMode, JOURNAL_MODES),
		synchronous: synchronous === void 0 ? void 0 : choice("synchronous", synchronous, SYNCHRONOUS),
		busyTimeoutMs: busyTimeoutMs === void 0 ? void 0 : milliseconds("busyTimeoutMs", Number(busyTimeoutMs)),
		allowAttach
	};
	const address = typeof url === "string" ? parseUrl$1(url) : null;
	const open = database === void 0 ? null : database;
	return {
		given,
		address,
		database: open,
		driver: open === null ? choice("driver", driver ?? "node:sqlite", DRIVERS) : driverOf(open),
		journalMode: address?.journalMode ?? given.journalMode,
		synchronous: address?.synchronous ?? given.synchronous,
		busyTimeoutMs: address?.busyTimeoutMs ?? given.busyTimeoutMs,
		allowAttach: allowAttach ?? false
	};
}
function isObject(value) {
	return typeof value === "object" && value !== null;
}
var DRIVERS, KEYS$1;
var init_options$1 = __esmMin(() => {
	init_src$3();
	init_driver();
	init_url$1();
	DRIVERS = ["node:sqlite", "better-sqlite3"];
	KEYS$1 = [
		"url",
		"database",
		"driver",
		"journalMode",
		"synchronous",
		"busyTimeoutMs",
		"allowAttach"
	];
});
// ../../adapters/sqlite/src/adapter.ts
/** Throws `CONFIG` for options that are not right; opens nothing. */
function createAdapter$1(options) {
	return adapterOf$1(checkOptions$1(options));
}
function adapterOf$1(checked) {
	const { address, database } = checked;
	return {
		name: "sqlite",
		target: address?.shown ?? "an open database",
		scriptExtensions: [".sql"],
		lockTimeoutMs: 3e3,
		at: (url) => adapterOf$1(checkOptions$1({
			...checked.given,
			url,
			database: void 0,
			driver: checked.driver
		})),
		parse: (script) => parseScript(script, sqlite$1),
		async open(open) {
			checkSchema(open.schema);
			const patience = {
				limitMs: checked.busyTimeoutMs ?? (open.lockTimeoutMs || BUSY_TIMEOUT_MS),
				signal: open.signal
			};
			const library = database === null ? await loadLibrary(checked.driver) : await libraryOf(database);
			const link = database === null ? await linkTo(checked, library, open, patience) : borrowed$1(database, library, open);
			const { allowAttach, synchronous } = checked;
			return createSession$1({
				link,
				options: open,
				patience,
				allowAttach,
				batchCommits: synchronous === void 0
			});
		}
	};
}
function linkTo({ address, journalMode, synchronous }, library, open, patience) {
	return openLink({
		library,
		path: address?.path ?? null,
		readOnly: open.readOnly,
		journalMode,
		synchronous,
		patience
	});
}
function borrowed$1(database, library, open) {
	driverOf(database);
	const file = wrap(database, library, null).value("SELECT file FROM pragma_database_list WHERE name = 'main'");
	const connection = wrap(database, library, typeof file === "string" && file !== "" ? file : null);
	if (connection.inTransaction) throw misuse("`database` is in the middle of a transaction.", "End it before Detent runs.");
	return borrowedLink(connection, open.readOnly);
}
var BUSY_TIMEOUT_MS;
var init_adapter$1 = __esmMin(() => {
	init_src$3();
	init_src$2();
	init_driver();
	init_link$1();
	init_session$1();
	init_options$1();
	BUSY_TIMEOUT_MS = 1e4;
});
// ../../adapters/sqlite/src/index.ts
var src_exports$1 = /* @__PURE__ */ __exportAll({
	defineConfig: () => defineConfig$1,
	defineMigration: () => defineMigration$1,
	sqlite: () => sqlite
});
function sqlite(options) {
	return createAdapter$1(options);
}
/** A migration whose `db` is Node's own SQLite database, unless told: `defineMigration<Database>({ … })`. */
function defineMigration$1(migration) {
	return defineMigration$2(migration);
}
/** The configuration of a project on SQLite. */
function defineConfig$1(config) {
	return defineConfig$2(config);
}
var init_src$1 = __esmMin(() => {
	init_src$3();
	init_adapter$1();
});
// ../../adapters/postgres/src/url.ts
/**
* Reads `postgres://user:password@host:port/database?sslmode=…`. Parameters come from the list above and nothing else is
* passed on: pg's own `host=`, `sslcert=` or `options=` would go past every check made here. Throws `CONFIG`, never
* showing the URL.
*/
function parseUrl(url) {
	const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1];
	if (scheme === void 0 || !["postgres", "postgresql"].includes(scheme.toLowerCase())) throw misuse(scheme === void 0 ? "The PostgreSQL URL has no scheme." : `"${scheme}:" is not a URL of PostgreSQL.`, "Write postgres://user:password@host:5432/database.");
	if (/\p{Cc}/u.test(url)) throw misuse("The PostgreSQL URL holds a control character.", "Write it anew, without what was pasted along.");
	const [beforeHash = ""] = url.slice(scheme.length + 3).split("#");
	const [beforeQuery, query = ""] = splitOnce(beforeHash, "?");
	const [authority, path = ""] = splitOnce(beforeQuery, "/");
	const at = authority.lastIndexOf("@");
	const [user, password] = splitOnce(authority.slice(0, Math.max(at, 0)), ":");
	return {
		...hostOf(authority.slice(at + 1)),
		...user === "" ? {} : { user: decode(user, "user") },
		...password === void 0 ? {} : { password: decode(password, "password") },
		...path === "" ? {} : { database: decode(path, "database") },
		...parameters(query)
	};
}
function hostOf(text) {
	if (text === "") return {};
	const [, bracketed, plain = "", port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(oneHost(text, "The PostgreSQL URL")) ?? [];
	const host = bracketed ?? decode(plain, "host");
	if (host === "" || host.includes("/") || host.includes("@")) throw misuse("The host of the PostgreSQL URL is not a host.", "Percent-encode special characters in the password; for a Unix socket use the option `socket`.");
	return {
		host,
		...port === void 0 || port === "" ? {} : { port: portOf(port, "The port of the PostgreSQL URL") }
	};
}
/** Throws `CONFIG`. */
function oneHost(text, name) {
	if (!text.includes(",")) return text;
	throw misuse(`${name} names several hosts.`, "Name one: migrations belong to the primary.");
}
function parameters(query) {
	const given = new URLSearchParams(query);
	for (const name of given.keys()) {
		if (PARAMETERS.includes(name)) continue;
		throw misuse(`A PostgreSQL URL has no parameter "${name}" here${didYouMean(name, PARAMETERS) || "."}`, ELSEWHERE[name] ?? `Known: ${PARAMETERS.join(", ")}.`);
	}
	const [mode, rootCert, binding, applicationName] = PARAMETERS.map((name) => given.get(name) ?? void 0);
	if (rootCert !== void 0 && rootCert !== "system") throw misuse("A PostgreSQL URL names no files.", "Set PGSSLROOTCERT, or pass the certificate itself: ssl: { ca }; sslrootcert=system is for public authorities.");
	return {
		...mode === void 0 ? {} : { sslMode: sslModeOf(mode, "sslmode") },
		...rootCert === void 0 ? {} : { sslRootCert: rootCert },
		...binding === void 0 ? {} : { channelBinding: channelBindingOf(binding, "channel_binding") },
		...applicationName === void 0 ? {} : { applicationName }
	};
}
/** Throws `CONFIG` naming the nearest mode. */
function sslModeOf(value, name) {
	return oneOf(SSL_MODES, value, name);
}
function channelBindingOf(value, name) {
	return oneOf(CHANNEL_BINDINGS, value, name);
}
function oneOf(words, value, name) {
	const found = words.find((word) => word === value.toLowerCase());
	if (found !== void 0) return found;
	throw misuse(`${name} cannot be "${value}"${didYouMean(value, words) || "."}`, `It is one of ${words.join(", ")}.`);
}
function portOf(text, name) {
	const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
	if (port >= 1 && port <= 65535) return port;
	throw misuse(`${name} is not a port.`, "It is a number from 1 to 65535; PostgreSQL listens on 5432.");
}
function decode(text, part) {
	try {
		const decoded = decodeURIComponent(text);
		if (!decoded.includes("\0")) return decoded;
	} catch {}
	throw misuse(`The ${part} in the PostgreSQL URL is not percent-encoded as it should be.`, "Write % as %25, / as %2F, : as %3A, @ as %40 and # as %23.");
}
function splitOnce(text, mark) {
	const at = text.indexOf(mark);
	return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
var SSL_MODES, CHANNEL_BINDINGS, PARAMETERS, ELSEWHERE, SYSTEM;
var init_url = __esmMin(() => {
	init_src$3();
	SSL_MODES = [
		"disable",
		"allow",
		"prefer",
		"require",
		"verify-ca",
		"verify-full",
		"no-verify"
	];
	CHANNEL_BINDINGS = [
		"disable",
		"prefer",
		"require"
	];
	PARAMETERS = [
		"sslmode",
		"sslrootcert",
		"channel_binding",
		"application_name"
	];
	ELSEWHERE = {
		host: "Write the host in front of the path; for a Unix socket use the option `socket`.",
		hostaddr: "Write the address in place of the host.",
		service: "Set PGSERVICE.",
		passfile: "Set PGPASSFILE.",
		sslcert: "Set PGSSLCERT, or pass the certificate itself: ssl: { cert, key }.",
		sslkey: "Set PGSSLKEY, or pass the key itself: ssl: { cert, key }.",
		options: "Set what a migration needs by SET in that migration, or for the role by ALTER ROLE … SET.",
		schema: "Use the option `schema` of the executor for the history; migrations name their own schema.",
		pgbouncer: "Leave it out: a pooler is recognised. Give `directUrl` for what cannot go through one.",
		connect_timeout: "Use timeouts.connectMs of the executor.",
		statement_timeout: "Use timeouts.statementMs of the executor.",
		lock_timeout: "Use timeouts.lockMs of the executor."
	};
	SYSTEM = "system";
});
// ../../adapters/postgres/src/service-file.ts
/**
* A section of the connection service file: `PGSERVICEFILE` or `~/.pg_service.conf`, then `pg_service.conf` in
* `PGSYSCONFDIR`. Throws `CONFIG`, never showing a value.
*/
function readService(service, variables) {
	const { PGSERVICEFILE, PGSYSCONFDIR } = variables;
	const files = [PGSERVICEFILE ?? join(variables["HOME"] ?? homedir(), ".pg_service.conf"), ...PGSYSCONFDIR === void 0 ? [] : [join(PGSYSCONFDIR, "pg_service.conf")]];
	for (const file of files) {
		const lines = sectionOf(textOf$1(file), service);
		if (lines !== null) return Object.assign({}, ...lines.map((line) => readLine$1(line, `${file}, [${service}]`)));
	}
	throw misuse(`There is no service [${service}] in ${files.join(" or ")}.`, "Correct PGSERVICE or PGSERVICEFILE.");
}
function textOf$1(file) {
	try {
		return readFileSync(file, "utf8");
	} catch {
		return "";
	}
}
/** `null` where there is none of that name. */
function sectionOf(text, name) {
	const lines = text.split(/\r?\n/).map((line) => line.trim());
	const at = lines.indexOf(`[${name}]`);
	if (at === -1) return null;
	const rest = lines.slice(at + 1);
	const end = rest.findIndex((line) => line.startsWith("["));
	return rest.slice(0, end === -1 ? void 0 : end).filter((line) => line !== "" && !line.startsWith("#"));
}
function readLine$1(line, place) {
	const [, key = "", value = ""] = /^(\w+)=(.*)$/.exec(line) ?? [];
	const reader = READERS[key];
	if (reader !== void 0) return reader(value, `${key} in ${place}`);
	const known = Object.keys(READERS);
	throw misuse(key === "" ? `A line of ${place} is not "key=value".` : `${place} sets "${key}"${didYouMean(key, known) || ", which is not known here."}`, `Known: ${known.join(", ")}.`);
}
var READERS;
var init_service_file = __esmMin(() => {
	init_src$3();
	init_url();
	READERS = {
		host: (host, name) => ({ host: oneHost(host, name) }),
		port: (port, name) => ({ port: portOf(port, name) }),
		dbname: (database) => ({ database }),
		user: (user) => ({ user }),
		password: (password) => ({ password }),
		sslmode: (mode, name) => ({ sslMode: sslModeOf(mode, name) }),
		sslrootcert: (sslRootCert) => ({ sslRootCert }),
		sslcert: (sslCert) => ({ sslCert }),
		sslkey: (sslKey) => ({ sslKey }),
		channel_binding: (binding, name) => ({ channelBinding: channelBindingOf(binding, name) }),
		application_name: (applicationName) => ({ applicationName })
	};
});
// ../../adapters/postgres/src/environment.ts
/**
* The variables that psql and every other client know, and the service that `PGSERVICE` names, which goes before them. Those
* that are not set say nothing. Throws `CONFIG`, also for those that ask for more than is done here.
*/
function addressFromEnvironment(variables) {
	for (const [name, harmless] of Object.entries(NOT_DONE)) {
		const value = variables[name];
		if (!isSet(value) || harmless.includes(value)) continue;
		throw misuse(`${name} asks for something that Detent does not do.`, harmless.length === 0 ? "Unset it for this command." : `Unset it, or set it to ${harmless.join(" or ")}.`);
	}
	const { PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE, PGSSLMODE, PGAPPNAME, PGSERVICE } = variables;
	const { PGSSLROOTCERT, PGSSLCERT, PGSSLKEY, PGCHANNELBINDING } = variables;
	return {
		...isSet(PGHOST) ? { host: oneHost(PGHOST, "PGHOST") } : {},
		...isSet(PGPORT) ? { port: portOf(PGPORT, "PGPORT") } : {},
		...isSet(PGUSER) ? { user: PGUSER } : {},
		...isSet(PGPASSWORD) ? { password: PGPASSWORD } : {},
		...isSet(PGDATABASE) ? { database: PGDATABASE } : {},
		...isSet(PGSSLMODE) ? { sslMode: sslModeOf(PGSSLMODE, "PGSSLMODE") } : {},
		...isSet(PGSSLROOTCERT) ? { sslRootCert: PGSSLROOTCERT } : {},
		...isSet(PGSSLCERT) ? { sslCert: PGSSLCERT } : {},
		...isSet(PGSSLKEY) ? { sslKey: PGSSLKEY } : {},
		...isSet(PGCHANNELBINDING) ? { channelBinding: channelBindingOf(PGCHANNELBINDING, "PGCHANNELBINDING") } : {},
		...isSet(PGAPPNAME) ? { applicationName: PGAPPNAME } : {},
		...isSet(PGSERVICE) ? readService(PGSERVICE, variables) : {}
	};
}
/** What was given, with the rest from the environment. Throws `CONFIG`. */
function completeAddress(given, variables) {
	if (given.host === void 0 && isSet(variables["PGHOSTADDR"])) throw misuse("PGHOSTADDR is not read here.", "Write the address into PGHOST, and unset it.");
	return {
		...addressFromEnvironment(variables),
		...given
	};
}
function isSet(value) {
	return value !== void 0 && value !== "";
}
var NOT_DONE;
var init_environment = __esmMin(() => {
	init_src$3();
	init_service_file();
	init_url();
	NOT_DONE = {
		PGREQUIREAUTH: [],
		PGREQUIREPEER: [],
		PGSSLCRL: [],
		PGSSLCRLDIR: [],
		PGSSLMINPROTOCOLVERSION: [
			"TLSv1",
			"TLSv1.1",
			"TLSv1.2"
		],
		PGGSSENCMODE: ["disable", "prefer"],
		PGTARGETSESSIONATTRS: [
			"any",
			"read-write",
			"primary"
		]
	};
});
// ../../adapters/postgres/src/failure.ts
/** Reads an error of `pg`, of PGlite, or of a socket. */
function failureFrom(thrown) {
	const field = (name) => {
		const value = typeof thrown === "object" && thrown !== null ? Reflect.get(thrown, name) : void 0;
		return typeof value === "string" && value !== "" ? value : null;
	};
	const code = field("code") ?? "";
	const position = Number(field("position") ?? NaN);
	const fatal = field("severity") === "FATAL" || field("severity") === "PANIC";
	return {
		kind: !(field("severity") !== null && /^[0-9A-Z]{5}$/.test(code)) || fatal || LOST.test(code) ? "lost" : "refused",
		code,
		message: messageOf(thrown, field("message")),
		detail: field("detail"),
		hint: field("hint"),
		position: Number.isInteger(position) && position > 0 ? position - 1 : null,
		where: field("where"),
		constraint: field("constraint"),
		table: field("table")
	};
}
function messageOf(thrown, message) {
	if (message !== null) return message;
	const [first] = thrown instanceof AggregateError ? thrown.errors : [];
	return first instanceof Error ? first.message : String(thrown);
}
var LOST;
var init_failure = __esmMin(() => {
	LOST = /^(08|57P0)/;
});
// ../../adapters/postgres/src/wire.ts
function readAnswers(hear) {
	const answers = [];
	let columns = [];
	let rows = [];
	let error = null;
	const finish = (tag) => {
		const answer = {
			tag,
			rows
		};
		answers.push(answer);
		rows = [];
		columns = [];
		hear?.(answer, answers.length - 1);
	};
	return {
		answers,
		get error() {
			return error;
		},
		take(message) {
			switch (message.name) {
				case "rowDescription":
					columns = (message.fields ?? []).map((field) => field.name);
					break;
				case "dataRow":
					rows.push(rowOf$1(columns, message.fields ?? []));
					break;
				case "commandComplete":
					finish(message.text ?? "");
					break;
				case "emptyQuery":
					finish("");
					break;
				case "error": error ??= message;
			}
		}
	};
}
function rowOf$1(columns, fields) {
	const row = {};
	columns.forEach((column, index) => row[column] = fields[index] ?? null);
	return row;
}
function refused(error, answers) {
	return new Refused$1(failureFrom(error), answers, error);
}
function toStatus(status, before) {
	return status === "I" || status === "T" || status === "E" ? status : before;
}
var Refused$1;
var init_wire = __esmMin(() => {
	init_failure();
	Refused$1 = class extends Error {
		name = "Refused";
		failure;
		/** What the statements before the refused one came to. */
		answers;
		constructor(failure, answers, cause) {
			super(failure.message, { cause });
			this.failure = failure;
			this.answers = answers;
		}
	};
});
// ../../adapters/postgres/src/errors.ts
function isFence({ message }) {
	return message.includes(FENCE);
}
/** Everything about a failure that a program or a person may want. Never a value that was bound, never a password. */
function factsOf$1(failure) {
	const { code, message, detail, where, constraint, table } = failure;
	return {
		server: message,
		...code === "" ? {} : { serverCode: code },
		...detail === null ? {} : { detail },
		...where === null ? {} : { where },
		...constraint === null ? {} : { constraint },
		...table === null ? {} : { table }
	};
}
/** Makes a typed error of what went wrong outside any statement of a migration; anything else is given back as it is. */
function translate(thrown, target) {
	if (!(thrown instanceof Refused$1)) return thrown;
	const { failure } = thrown;
	const details = {
		facts: factsOf$1(failure),
		cause: thrown.cause
	};
	if (failure.kind === "lost") return connectionLost(failure, target, thrown.cause);
	if (isFence(failure)) return lockLost();
	switch (failure.code) {
		case "55P03":
		case "40P01": return new DetentError("LOCK_TIMEOUT", `Another session has one of Detent's tables locked: ${failure.message}.`, {
			hint: "Look at pg_stat_activity for who it is, and start again.",
			...details
		});
		case "25006": return new DetentError("READ_ONLY", `${target} cannot be written to: ${failure.message}.`, {
			hint: "Connect to the primary, and see that default_transaction_read_only is off.",
			...details
		});
		case "42501": return new DetentError("READ_ONLY", `This user may not keep the history: ${failure.message}.`, {
			hint: "Grant it CREATE and USAGE on the schema, or name one of its own with `schema`.",
			...details
		});
		case "57014": return new DetentError("CANCELLED", `The server stopped the statement: ${failure.message}.`, {
			hint: "Start again.",
			...details
		});
		case "53100": return new DetentError("STATEMENT_FAILED", `The server's disk is full: ${failure.message}.`, {
			hint: "Free some space and start again.",
			...details
		});
		default: return new DetentError("INTERNAL", `PostgreSQL refused a statement of Detent's own: ${failure.message}.`, details);
	}
}
function connectionLost(failure, target, cause) {
	if (cause instanceof DetentError && cause.code === "LOCK_LOST") return cause;
	const words = failure.code === "57P01" ? "An administrator ended the connection" : "The connection broke";
	return new DetentError("CONNECTION", `${words} to ${target}: ${failure.message}.`, {
		hint: "Start again: what was committed is in the history, and everything else was rolled back by the server.",
		facts: factsOf$1(failure),
		cause
	});
}
/** Of what was thrown while the connection was already gone: what code makes of that is not what went wrong. */
function translateLoss(thrown, target, dropped) {
	if (dropped !== null) return dropped;
	if (!(thrown instanceof DetentError) || thrown.code !== "SCRIPT_FAILED") return translate(thrown, target);
	const failure = failureFrom(thrown.cause);
	return failure.kind === "lost" ? connectionLost(failure, target, thrown) : thrown;
}
/** The connection broke while the answer to a COMMIT was awaited, and nobody could be asked how it ended. */
function commitUnknown(target, cause) {
	return new DetentError("CONNECTION", `The connection to ${target} broke while a transaction was being committed, and its end could not be asked for.`, {
		hint: "Start again: the history tells whether it was committed, and the next run goes by that.",
		facts: { commit: "unknown" },
		cause
	});
}
/** What people can do about a connection that does not come about. */
function connectFailed(failure, target, signal, cause, remark = null) {
	if (signal?.aborted === true) return new DetentError("CANCELLED", "Stopped while connecting.", { cause });
	return new DetentError("CONNECTION", `Cannot connect to ${target}: ${failure.message}.`, {
		hint: remark === null ? connectHint(failure) : `${connectHint(failure)} ${remark}`,
		facts: factsOf$1(failure),
		cause
	});
}
function connectHint({ code, message }) {
	if (/valid client certificate/.test(message)) return "Name yours by PGSSLCERT and PGSSLKEY, or by ssl: { cert, key }.";
	if (code === "28000" && message.endsWith("no encryption")) return "Perhaps it lets this user in with encryption only: take sslmode=require.";
	const known = CONNECT_HINTS[code];
	if (known !== void 0) return known;
	if (/timeout|in time/i.test(message)) return "Check host, port and firewall, or allow longer with timeouts.connectMs.";
	if (/password must be a string|no password/i.test(message)) return "Give the password in the URL, in PGPASSWORD, in ~/.pgpass or by the option `password`.";
	if (/channel binding/.test(message)) return "Leave channel_binding out, or ask the administrator for scram-sha-256.";
	if (/altname|does not match certificate/i.test(message)) return "Connect by a name that stands in the server's certificate.";
	if (/self.signed|unable to (?:verify|get)|UNABLE_TO/i.test(message)) return "Name the authority that signed it by PGSSLROOTCERT or ssl: { ca }.";
	if (/does not support SSL/.test(message)) return "The server has no encryption; `ssl: 'disable'` does without.";
	if (/SSL|certificate/i.test(message)) return "Choose the encryption with `ssl`: 'disable', 'require', 'verify-full' or { ca }.";
	return "Check host, port, user and database.";
}
function lockLost(facts = {}) {
	return new DetentError("LOCK_LOST", "This run does not hold the lock any more; another run or `detent unlock` took it.", {
		hint: "Look at `detent status`, then start again.",
		facts
	});
}
function readOnlySession() {
	return new DetentError("READ_ONLY", "This session was opened to look only.", { hint: "Open it without readOnly to write." });
}
function ended(facts = {}, cause) {
	return new DetentError("TRANSACTION_ENDED", "The migration ended the transaction that Detent had begun, so a part of it may stand.", {
		hint: "Take COMMIT, END and ROLLBACK out of it, or give it `transaction: 'none'` and let it keep its own.",
		facts,
		cause
	});
}
/** `statement`: what it is that cannot run; nothing for code. */
function needsDirect(file, line, statement) {
	return new DetentError("STATEMENT_FAILED", `${file}:${line} runs outside of a transaction, where no lock holds behind a pooler.`, {
		hint: DIRECT,
		facts: {
			place: {
				file,
				line,
				column: statement?.column ?? 1
			},
			...statement === void 0 ? {} : { statement: statement.text }
		}
	});
}
var FENCE, CONNECT_HINTS, DIRECT;
var init_errors = __esmMin(() => {
	init_src$3();
	init_failure();
	init_wire();
	FENCE = "detent: this run does not hold the lock any more";
	CONNECT_HINTS = {
		ECONNREFUSED: "Nobody listens there: is the server running, and are host and port right?",
		ENOTFOUND: "There is no host of that name.",
		EAI_AGAIN: "The name of the host could not be looked up; try again.",
		ENOENT: "There is no socket of a server in that folder.",
		ETIMEDOUT: "Nobody answers there: check host, port and firewall.",
		"28P01": "User or password is wrong.",
		"28000": "The server does not let this user in from here; see its pg_hba.conf.",
		"3D000": "Create the database first, or correct its name.",
		"53300": "The server has no connection left; close some, or wait.",
		"57P03": "The server is starting up or shutting down; try again."
	};
	DIRECT = "Give `directUrl`, which leads to the server itself.";
});
// ../../adapters/postgres/src/password-file.ts
/** Looks into `PGPASSFILE` or `~/.pgpass`, as psql does: `host:port:database:user:password`, the first line that fits. */
async function passwordFromFile(account, variables) {
	const file = variables["PGPASSFILE"] ?? usualFile(variables);
	try {
		const { mode } = await stat(file);
		if (process.platform !== "win32" && (mode & 63) !== 0) return {
			kind: "ignored",
			why: `${file} was not read, because others may read it too: chmod 0600 it.`
		};
		for (const line of (await readFile(file, "utf8")).split(/\r?\n/)) {
			const password = passwordIn(line, account);
			if (password !== null) return {
				kind: "found",
				password
			};
		}
		return { kind: "none" };
	} catch {
		return { kind: "none" };
	}
}
function usualFile(variables) {
	return process.platform === "win32" ? join(variables["APPDATA"] ?? "", "postgresql", "pgpass.conf") : join(variables["HOME"] ?? homedir(), ".pgpass");
}
function passwordIn(line, { host, port, database, user }) {
	if (line.startsWith("#")) return null;
	const fields = [...line.matchAll(/((?:[^:\\]|\\.)*)(?::|$)/g)].map(([, field = ""]) => field.replaceAll(/\\(.)/g, "$1"));
	const fits = [
		host.startsWith("/") ? [host, "localhost"] : [host],
		[String(port)],
		[database],
		[user]
	].every((values, index) => fields[index] === "*" || values.includes(fields[index] ?? ""));
	const password = fields[4] ?? "";
	return fits && password !== "" ? password : null;
}
var init_password_file = __esmMin(() => {});
// ../../adapters/postgres/src/ssl.ts
/** The ways to try, in order. The second is for a server that cannot do the first, as in libpq. */
function sslWays(mode, host) {
	const plain = { kind: "plain" };
	if (host.startsWith("/")) return [plain];
	if (typeof mode === "object" && mode !== null) return [{
		kind: "given",
		options: mode
	}];
	const encrypted = (check) => ({
		kind: "encrypted",
		check
	});
	switch (mode ?? "prefer") {
		case "disable": return [plain];
		case "allow": return [plain, encrypted("anything")];
		case "prefer": return isLoopback(host) ? [plain, encrypted("anything")] : [encrypted("anything"), plain];
		case "require": return [encrypted("of the authority, where there is one")];
		case "no-verify": return [encrypted("anything")];
		case "verify-ca": return [encrypted("of the authority")];
		case "verify-full": return [encrypted("for the host")];
	}
}
/** Public authorities vouch for hosts and for nothing else. `null`: nobody said. Throws `CONFIG` where less is asked for. */
function sslModeFor(given, { sslMode, sslRootCert }) {
	const mode = given ?? sslMode ?? null;
	if (sslRootCert !== "system" || typeof mode === "object") return mode ?? (sslRootCert === "system" ? "verify-full" : null);
	if (mode === "verify-full" || mode === "disable") return mode;
	throw misuse(`sslrootcert=system does not go with sslmode=${mode}.`, "Take verify-full, or leave sslmode out.");
}
/** Reads the files that a way needs. Throws `CONFIG` where one that is named cannot be read. */
async function sslOf$1(way, host, address, variables) {
	const identity = { checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate) };
	switch (way.kind) {
		case "plain": return false;
		case "given": return {
			...way.options.servername === void 0 ? identity : {},
			...way.options
		};
		case "encrypted": {
			const { check } = way;
			const [cert, key] = await Promise.all([fileOf(address.sslCert, "PGSSLCERT", "postgresql.crt", variables), fileOf(address.sslKey, "PGSSLKEY", "postgresql.key", variables)]);
			const own = cert === null || key === null ? {} : {
				cert,
				key
			};
			const isSystem = address.sslRootCert === SYSTEM;
			const ca = check === "anything" || isSystem ? null : await fileOf(address.sslRootCert, "PGSSLROOTCERT", "root.crt", variables);
			if (check === "anything" || check === "of the authority, where there is one" && ca === null && !isSystem) return {
				...own,
				rejectUnauthorized: false
			};
			if (check !== "for the host" && ca === null) throw misuse("Any certificate of a public authority would do for this sslmode.", "Name your own authority by PGSSLROOTCERT or ssl: { ca }, or take verify-full.");
			return {
				...own,
				...ca === null ? {} : { ca },
				rejectUnauthorized: true,
				...check === "for the host" ? identity : { checkServerIdentity: () => void 0 }
			};
		}
	}
}
/** The same for programs on libpq, as their variables. Of options of TLS they can be told nothing. */
async function sslVariables(mode, { sslRootCert, sslCert, sslKey }, variables) {
	if (typeof mode === "object" && mode !== null) return {};
	const own = {
		...sslCert === void 0 ? {} : { PGSSLCERT: sslCert },
		...sslKey === void 0 ? {} : { PGSSLKEY: sslKey }
	};
	if (mode === "no-verify") return {
		...own,
		PGSSLMODE: "require",
		PGSSLROOTCERT: join(usualFolder(variables), "none")
	};
	const root = mode === "verify-full" && sslRootCert === void 0 && await fileOf(void 0, "PGSSLROOTCERT", "root.crt", variables) === null ? SYSTEM : sslRootCert;
	return {
		...own,
		PGSSLMODE: mode ?? "prefer",
		...root === void 0 ? {} : { PGSSLROOTCERT: root }
	};
}
/** Whether an attempt failed only for the want of encryption, or because of it. */
function isAboutSsl(message) {
	return /does not support SSL|no encryption|SSL off|SSL connection is required|establishing an SSL/i.test(message);
}
/** `null` where none is named, and psql's own is not there. */
async function fileOf(named, variable, usual, variables) {
	const file = named ?? join(usualFolder(variables), usual);
	try {
		return await readFile(file, "utf8");
	} catch (cause) {
		if (named === void 0) return null;
		throw new DetentError("CONFIG", `The file ${file} of ${variable} cannot be read.`, {
			hint: `Correct ${variable}, or unset it.`,
			cause
		});
	}
}
function usualFolder(variables) {
	return process.platform === "win32" ? join(variables["APPDATA"] ?? "", "postgresql") : join(variables["HOME"] ?? homedir(), ".postgresql");
}
function isLoopback(host) {
	return host === "localhost" || host === "::1" || host.startsWith("127.");
}
var init_ssl = __esmMin(() => {
	init_src$3();
	init_url();
});
// ../../adapters/postgres/src/wire-copy.ts
/**
* Takes the messages of one COPY off the socket before the driver's parser makes an object of each row. Everything else is
* passed on to the parser, which has the socket back as soon as the rows have ended. `take` gets the rows' bytes without
* their frames, in pieces of any size; `broken` is called when it throws. Gives a function that waits for what is still
* being taken.
*/
function divert(stream, take, broken) {
	const parsers = stream.listeners("data");
	const pass = (bytes) => {
		for (const parser of parsers) parser(bytes);
	};
	const header = Buffer.alloc(HEADER$1);
	/** Of the header, and of the message behind it. */
	let known = 0;
	let left = 0;
	let isRow = false;
	let taken = Promise.resolve();
	const giveBack = () => {
		stream.off("data", onData);
		for (const parser of parsers) stream.on("data", parser);
	};
	const deliver = (bytes) => {
		if (bytes.length === 0) return;
		try {
			const pending = take(bytes);
			if (pending === void 0) return;
			stream.pause();
			taken = pending.then(() => void stream.resume(), (error) => broken(error));
		} catch (error) {
			broken(error);
		}
	};
	const onData = (piece) => {
		let at = 0;
		let end = 0;
		while (at < piece.length) {
			if (known < HEADER$1) {
				while (known < HEADER$1 && at < piece.length) header[known++] = piece[at++] ?? 0;
				if (known < HEADER$1) break;
				isRow = header[0] === COPY_DATA;
				left = header.readInt32BE(1) - 4;
				if (!isRow) {
					pass(Buffer.from(header));
					if (header[0] === COPY_DONE || header[0] === ERROR) {
						deliver(piece.subarray(0, end));
						giveBack();
						if (at < piece.length) pass(piece.subarray(at));
						return;
					}
				}
			}
			const length = Math.min(left, piece.length - at);
			if (!isRow) pass(piece.subarray(at, at + length));
			else if (end !== at) piece.copyWithin(end, at, at + length);
			if (isRow) end += length;
			at += length;
			left -= length;
			if (left === 0) known = 0;
		}
		deliver(piece.subarray(0, end));
	};
	for (const parser of parsers) stream.off("data", parser);
	stream.on("data", onData);
	return () => taken;
}
/** Sends what `source` gives as rows of a COPY, no faster than the server takes them, and ends it. */
async function pump(connection, source, isOver) {
	const { stream } = connection;
	for await (const bytes of source) {
		if (isOver()) return;
		const header = Buffer.alloc(HEADER$1);
		header[0] = COPY_DATA;
		header.writeInt32BE(bytes.length + 4, 1);
		stream.write(header);
		if (!stream.write(bytes)) await drained(stream);
	}
	if (!isOver()) connection.endCopyFrom();
}
function drained(stream) {
	return new Promise((resolve) => {
		const done = () => {
			stream.off("drain", done);
			stream.off("close", done);
			resolve();
		};
		stream.once("drain", done);
		stream.once("close", done);
	});
}
var COPY_DATA, COPY_DONE, ERROR, HEADER$1;
var init_wire_copy = __esmMin(() => {
	COPY_DATA = 100;
	COPY_DONE = 99;
	ERROR = 69;
	HEADER$1 = 5;
});
// ../../adapters/postgres/src/wire-pg.ts
/** A connected client of `pg`. It hears every message, so it knows the status after code of a migration too. */
function pgWire({ client, serverVersion, status: initial, release }) {
	let status = initial;
	let lost = null;
	let dropped = null;
	let closed = false;
	/** Questions that were refused and wait for the server to be ready again, which it never is after a fatal error. */
	const failing = /* @__PURE__ */ new Set();
	const settle = () => {
		const done = [...failing];
		failing.clear();
		for (const reject of done) reject();
	};
	const onReady = (message) => {
		status = toStatus(message.status, status);
		settle();
	};
	const onError = (error) => {
		lost ??= error;
		settle();
	};
	const onEnd = () => onError(/* @__PURE__ */ new Error("The connection was closed."));
	client.connection.on("readyForQuery", onReady);
	client.on("error", onError);
	client.on("end", onEnd);
	/** Sends something that hears its own answers, and waits until the server is ready again. */
	const submit = (make, answers) => new Promise((resolve, reject) => {
		if (lost !== null || closed) {
			reject(refused(lost ?? /* @__PURE__ */ new Error("The connection is closed."), []));
			return;
		}
		const ignore = () => void 0;
		client.query({
			handleRowDescription: ignore,
			handleDataRow: ignore,
			handleCommandComplete: ignore,
			handleEmptyQuery: ignore,
			handlePortalSuspended: ignore,
			handleCopyInResponse: (connection) => connection.sendCopyFail("COPY FROM STDIN has no data here; write INSERT, or COPY from a file of the server."),
			handleCopyData: ignore,
			handleReadyForQuery: ignore,
			handleError(thrown) {
				failing.add(() => reject(refused(dropped ?? thrown, answers)));
				if (failureFrom(thrown).kind === "lost") onError(thrown);
			},
			...make(resolve, reject)
		});
	});
	return {
		db: client,
		startPid: client.processID,
		serverVersion,
		get status() {
			return status;
		},
		get isOpen() {
			return lost === null && !closed;
		},
		get dropped() {
			return dropped;
		},
		get isIdle() {
			return client.readyForQuery === true;
		},
		run(text, hear) {
			const reader = readAnswers(hear);
			const take = (message) => reader.take(message);
			return submit((resolve) => ({
				submit(connection) {
					connection.query(text);
					return null;
				},
				handleRowDescription: take,
				handleDataRow: take,
				handleCommandComplete: take,
				handleEmptyQuery: () => reader.take({ name: "emptyQuery" }),
				handleReadyForQuery: () => resolve(reader.answers)
			}), reader.answers);
		},
		copy: {
			async out(text, take) {
				let taken = async () => void 0;
				let rows = 0;
				await submit((resolve, fail) => {
					const broken = (error) => {
						fail(error);
						client.connection.stream.destroy();
					};
					return {
						submit(connection) {
							taken = divert(connection.stream, take, broken);
							connection.query(text);
							return null;
						},
						handleCommandComplete: ({ text: tag }) => rows = rowsIn$1(tag),
						handleReadyForQuery: () => resolve()
					};
				}, []);
				await taken();
				return rows;
			},
			async in(text, source) {
				let broken = null;
				let over = false;
				let rows = 0;
				try {
					await submit((resolve) => ({
						submit(connection) {
							connection.query(text);
							return null;
						},
						handleCopyInResponse(connection) {
							pump(connection, source, () => over || lost !== null).catch((error) => {
								broken = { error };
								if (!over) connection.sendCopyFail("The data could not be read.");
							});
						},
						handleCommandComplete: ({ text: tag }) => rows = rowsIn$1(tag),
						handleReadyForQuery: () => resolve()
					}), []);
					return rows;
				} catch (error) {
					throw broken === null ? error : broken.error;
				} finally {
					over = true;
				}
			}
		},
		look: async () => status,
		async query(text, values) {
			if (lost !== null || closed) throw refused(lost ?? /* @__PURE__ */ new Error("The connection is closed."), []);
			try {
				return (await client.query(text, [...values])).rows;
			} catch (error) {
				throw refused(dropped ?? error, []);
			}
		},
		drop(reason) {
			dropped ??= reason;
			lost ??= reason;
			client.connection.stream.destroy();
		},
		async close(dirty) {
			if (closed) return;
			closed = true;
			client.connection.off("readyForQuery", onReady);
			await release(dirty || lost !== null).catch(() => void 0);
			client.off("end", onEnd);
			if (lost === null && !dirty) client.off("error", onError);
		}
	};
}
function rowsIn$1(tag) {
	return Number(tag?.replace(/^COPY /, "") ?? 0);
}
var init_wire_pg = __esmMin(() => {
	init_failure();
	init_wire_copy();
	init_wire();
});
// ../../adapters/postgres/src/wire-pglite.ts
/** A PGlite database: PostgreSQL in this process, with one session and no server beside it. */
function pgliteWire(database) {
	let status = "I";
	const run = async (text, hear) => {
		const reader = readAnswers(hear);
		try {
			const { messages } = await database.runExclusive(() => database.execProtocol(simpleQuery(text), { throwOnError: false }));
			for (const message of messages) {
				reader.take(message);
				if (message.name === "readyForQuery") status = toStatus(message.status, status);
			}
		} catch (error) {
			throw refused(error, reader.answers);
		}
		if (reader.error !== null) throw refused(reader.error, reader.answers);
		return reader.answers;
	};
	return {
		db: database,
		startPid: null,
		serverVersion: null,
		get status() {
			return status;
		},
		get isOpen() {
			return !database.closed;
		},
		dropped: null,
		isIdle: false,
		run,
		async look() {
			await run("");
			return status;
		},
		async query(text, values) {
			try {
				return (await database.query(text, [...values])).rows;
			} catch (error) {
				throw refused(error, []);
			}
		},
		copy: null,
		drop: () => void 0,
		close: async () => void 0
	};
}
/** The protocol's message `Q`. */
function simpleQuery(text) {
	const body = Buffer.from(`${text}\0`, "utf8");
	const message = Buffer.alloc(5 + body.length);
	message.write("Q");
	message.writeInt32BE(4 + body.length, 1);
	body.copy(message, 5);
	return message;
}
var init_wire_pglite = __esmMin(() => {
	init_wire();
});
// ../../../node_modules/.pnpm/postgres-array@2.0.0/node_modules/postgres-array/index.js
var require_postgres_array = /* @__PURE__ */ __commonJSMin(((exports) => {
	exports.parse = function(source, transform) {
		return new ArrayParser(source, transform).parse();
	};
	var ArrayParser = class ArrayParser {
		constructor(source, transform) {
			this.source = source;
			this.transform = transform || identity;
			this.position = 0;
			this.entries = [];
			this.recorded = [];
			this.dimension = 0;
		}
		isEof() {
			return this.position >= this.source.length;
		}
		nextCharacter() {
			var character = this.source[this.position++];
			if (character === "\\") return {
				value: this.source[this.position++],
				escaped: true
			};
			return {
				value: character,
				escaped: false
			};
		}
		record(character) {
			this.recorded.push(character);
		}
		newEntry(includeEmpty) {
			var entry;
			if (this.recorded.length > 0 || includeEmpty) {
				entry = this.recorded.join("");
				if (entry === "NULL" && !includeEmpty) entry = null;
				if (entry !== null) entry = this.transform(entry);
				this.entries.push(entry);
				this.recorded = [];
			}
		}
		consumeDimensions() {
			if (this.source[0] === "[") {
				while (!this.isEof()) if (this.nextCharacter().value === "=") break;
			}
		}
		parse(nested) {
			var character, parser, quote;
			this.consumeDimensions();
			while (!this.isEof()) {
				character = this.nextCharacter();
				if (character.value === "{" && !quote) {
					this.dimension++;
					if (this.dimension > 1) {
						parser = new ArrayParser(this.source.substr(this.position - 1), this.transform);
						this.entries.push(parser.parse(true));
						this.position += parser.position - 2;
					}
				} else if (character.value === "}" && !quote) {
					this.dimension--;
					if (!this.dimension) {
						this.newEntry();
						if (nested) return this.entries;
					}
				} else if (character.value === "\"" && !character.escaped) {
					if (quote) this.newEntry(true);
					quote = !quote;
				} else if (character.value === "," && !quote) this.newEntry();
				else this.record(character.value);
			}
			if (this.dimension !== 0) throw new Error("array dimension not balanced");
			return this.entries;
		}
	};
	function identity(value) {
		return value;
	}
}));
// ../../../node_modules/.pnpm/pg-types@2.2.0/node_modules/pg-types/lib/arrayParser.js
var require_arrayParser = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	var array = require_postgres_array();
	module.exports = { create: function(source, transform) {
		return { parse: function() {
			return array.parse(source, transform);
		} };
	} };
}));
// ../../../node_modules/.pnpm/postgres-date@1.0.7/node_modules/postgres-date/index.js
var require_postgres_date = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	var DATE_TIME = /(\d{1,})-(\d{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2})(\.\d{1,})?.*?( BC)?$/;
	var DATE = /^(\d{1,})-(\d{2})-(\d{2})( BC)?$/;
	var TIME_ZONE = /([Z+-])(\d{2})?:?(\d{2})?:?(\d{2})?/;
	var INFINITY = /^-?infinity$/;
	module.exports = function parseDate(isoDate) {
		if (INFINITY.test(isoDate)) return Number(isoDate.replace("i", "I"));
		var matches = DATE_TIME.exec(isoDate);
		if (!matches) return getDate(isoDate) || null;
		var isBC = !!matches[8];
		var year = parseInt(matches[1], 10);
		if (isBC) year = bcYearToNegativeYear(year);
		var month = parseInt(matches[2], 10) - 1;
		var day = matches[3];
		var hour = parseInt(matches[4], 10);
		var minute = parseInt(matches[5], 10);
		var second = parseInt(matches[6], 10);
		var ms = matches[7];
		ms = ms ? 1e3 * parseFloat(ms) : 0;
		var date;
		var offset = timeZoneOffset(isoDate);
		if (offset != null) {
			date = new Date(Date.UTC(year, month, day, hour, minute, second, ms));
			if (is0To99(year)) date.setUTCFullYear(year);
			if (offset !== 0) date.setTime(date.getTime() - offset);
		} else {
			date = new Date(year, month, day, hour, minute, second, ms);
			if (is0To99(year)) date.setFullYear(year);
		}
		return date;
	};
	function getDate(isoDate) {
		var matches = DATE.exec(isoDate);
		if (!matches) return;
		var year = parseInt(matches[1], 10);
		if (!!matches[4]) year = bcYearToNegativeYear(year);
		var month = parseInt(matches[2], 10) - 1;
		var day = matches[3];
		var date = new Date(year, month, day);
		if (is0To99(year)) date.setFullYear(year);
		return date;
	}
	function timeZoneOffset(isoDate) {
		if (isoDate.endsWith("+00")) return 0;
		var zone = TIME_ZONE.exec(isoDate.split(" ")[1]);
		if (!zone) return;
		var type = zone[1];
		if (type === "Z") return 0;
		var sign = type === "-" ? -1 : 1;
		return (parseInt(zone[2], 10) * 3600 + parseInt(zone[3] || 0, 10) * 60 + parseInt(zone[4] || 0, 10)) * sign * 1e3;
	}
	function bcYearToNegativeYear(year) {
		return -(year - 1);
	}
	function is0To99(num) {
		return num >= 0 && num < 100;
	}
}));
// ../../../node_modules/.pnpm/xtend@4.0.2/node_modules/xtend/mutable.js
var require_mutable = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	module.exports = extend;
	var hasOwnProperty = Object.prototype.hasOwnProperty;
	function extend(target) {
		for (var i = 1; i < arguments.length; i++) {
			var source = arguments[i];
			for (var key in source) if (hasOwnProperty.call(source, key)) target[key] = source[key];
		}
		return target;
	}
}));
// ../../../node_modules/.pnpm/postgres-interval@1.2.0/node_modules/postgres-interval/index.js
var require_postgres_interval = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	var extend = require_mutable();
	module.exports = PostgresInterval;
	function PostgresInterval(raw) {
		if (!(this instanceof PostgresInterval)) return new PostgresInterval(raw);
		extend(this, parse(raw));
	}
	var properties = [
		"seconds",
		"minutes",
		"hours",
		"days",
		"months",
		"years"
	];
	PostgresInterval.prototype.toPostgres = function() {
		var filtered = properties.filter(this.hasOwnProperty, this);
		if (this.milliseconds && filtered.indexOf("seconds") < 0) filtered.push("seconds");
		if (filtered.length === 0) return "0";
		return filtered.map(function(property) {
			var value = this[property] || 0;
			if (property === "seconds" && this.milliseconds) value = (value + this.milliseconds / 1e3).toFixed(6).replace(/\.?0+$/, "");
			return value + " " + property;
		}, this).join(" ");
	};
	var propertiesISOEquivalent = {
		years: "Y",
		months: "M",
		days: "D",
		hours: "H",
		minutes: "M",
		seconds: "S"
	};
	var dateProperties = [
		"years",
		"months",
		"days"
	];
	var timeProperties = [
		"hours",
		"minutes",
		"seconds"
	];
	PostgresInterval.prototype.toISOString = PostgresInterval.prototype.toISO = function() {
		var datePart = dateProperties.map(buildProperty, this).join("");
		var timePart = timeProperties.map(buildProperty, this).join("");
		return "P" + datePart + "T" + timePart;
		function buildProperty(property) {
			var value = this[property] || 0;
			if (property === "seconds" && this.milliseconds) value = (value + this.milliseconds / 1e3).toFixed(6).replace(/0+$/, "");
			return value + propertiesISOEquivalent[property];
		}
	};
	var NUMBER = "([+-]?\\d+)";
	var YEAR = NUMBER + "\\s+years?";
	var MONTH = NUMBER + "\\s+mons?";
	var DAY = NUMBER + "\\s+days?";
	var INTERVAL = new RegExp([
		YEAR,
		MONTH,
		DAY,
		"([+-])?([\\d]*):(\\d\\d):(\\d\\d)\\.?(\\d{1,6})?"
	].map(function(regexString) {
		return "(" + regexString + ")?";
	}).join("\\s*"));
	var positions = {
		years: 2,
		months: 4,
		days: 6,
		hours: 9,
		minutes: 10,
		seconds: 11,
		milliseconds: 12
	};
	var negatives = [
		"hours",
		"minutes",
		"seconds",
		"milliseconds"
	];
	function parseMilliseconds(fraction) {
		var microseconds = fraction + "000000".slice(fraction.length);
		return parseInt(microseconds, 10) / 1e3;
	}
	function parse(interval) {
		if (!interval) return {};
		var matches = INTERVAL.exec(interval);
		var isNegative = matches[8] === "-";
		return Object.keys(positions).reduce(function(parsed, property) {
			var value = matches[positions[property]];
			if (!value) return parsed;
			value = property === "milliseconds" ? parseMilliseconds(value) : parseInt(value, 10);
			if (!value) return parsed;
			if (isNegative && ~negatives.indexOf(property)) value *= -1;
			parsed[property] = value;
			return parsed;
		}, {});
	}
}));
// ../../../node_modules/.pnpm/postgres-bytea@1.0.1/node_modules/postgres-bytea/index.js
var require_postgres_bytea = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	var bufferFrom = Buffer.from || Buffer;
	module.exports = function parseBytea(input) {
		if (/^\\x/.test(input)) return bufferFrom(input.substr(2), "hex");
		var output = "";
		var i = 0;
		while (i < input.length) if (input[i] !== "\\") {
			output += input[i];
			++i;
		} else if (/[0-7]{3}/.test(input.substr(i + 1, 3))) {
			output += String.fromCharCode(parseInt(input.substr(i + 1, 3), 8));
			i += 4;
		} else {
			var backslashes = 1;
			while (i + backslashes < input.length && input[i + backslashes] === "\\") backslashes++;
			for (var k = 0; k < Math.floor(backslashes / 2); ++k) output += "\\";
			i += Math.floor(backslashes / 2) * 2;
		}
		return bufferFrom(output, "binary");
	};
}));
// ../../../node_modules/.pnpm/pg-types@2.2.0/node_modules/pg-types/lib/textParsers.js
var require_textParsers = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	var array = require_postgres_array();
	var arrayParser = require_arrayParser();
	var parseDate = require_postgres_date();
	var parseInterval = require_postgres_interval();
	var parseByteA = require_postgres_bytea();
	function allowNull(fn) {
		return function nullAllowed(value) {
			if (value === null) return value;
			return fn(value);
		};
	}
	function parseBool(value) {
		if (value === null) return value;
		return value === "TRUE" || value === "t" || value === "true" || value === "y" || value === "yes" || value === "on" || value === "1";
	}
	function parseBoolArray(value) {
		if (!value) return null;
		return array.parse(value, parseBool);
	}
	function parseBaseTenInt(string) {
		return parseInt(string, 10);
	}
	function parseIntegerArray(value) {
		if (!value) return null;
		return array.parse(value, allowNull(parseBaseTenInt));
	}
	function parseBigIntegerArray(value) {
		if (!value) return null;
		return array.parse(value, allowNull(function(entry) {
			return parseBigInteger(entry).trim();
		}));
	}
	var parsePointArray = function(value) {
		if (!value) return null;
		return arrayParser.create(value, function(entry) {
			if (entry !== null) entry = parsePoint(entry);
			return entry;
		}).parse();
	};
	var parseFloatArray = function(value) {
		if (!value) return null;
		return arrayParser.create(value, function(entry) {
			if (entry !== null) entry = parseFloat(entry);
			return entry;
		}).parse();
	};
	var parseStringArray = function(value) {
		if (!value) return null;
		return arrayParser.create(value).parse();
	};
	var parseDateArray = function(value) {
		if (!value) return null;
		return arrayParser.create(value, function(entry) {
			if (entry !== null) entry = parseDate(entry);
			return entry;
		}).parse();
	};
	var parseIntervalArray = function(value) {
		if (!value) return null;
		return arrayParser.create(value, function(entry) {
			if (entry !== null) entry = parseInterval(entry);
			return entry;
		}).parse();
	};
	var parseByteAArray = function(value) {
		if (!value) return null;
		return array.parse(value, allowNull(parseByteA));
	};
	var parseInteger = function(value) {
		return parseInt(value, 10);
	};
	var parseBigInteger = function(value) {
		var valStr = String(value);
		if (/^\d+$/.test(valStr)) return valStr;
		return value;
	};
	var parseJsonArray = function(value) {
		if (!value) return null;
		return array.parse(value, allowNull(JSON.parse));
	};
	var parsePoint = function(value) {
		if (value[0] !== "(") return null;
		value = value.substring(1, value.length - 1).split(",");
		return {
			x: parseFloat(value[0]),
			y: parseFloat(value[1])
		};
	};
	var parseCircle = function(value) {
		if (value[0] !== "<" && value[1] !== "(") return null;
		var point = "(";
		var radius = "";
		var pointParsed = false;
		for (var i = 2; i < value.length - 1; i++) {
			if (!pointParsed) point += value[i];
			if (value[i] === ")") {
				pointParsed = true;
				continue;
			} else if (!pointParsed) continue;
			if (value[i] === ",") continue;
			radius += value[i];
		}
		var result = parsePoint(point);
		result.radius = parseFloat(radius);
		return result;
	};
	var init = function(register) {
		register(20, parseBigInteger);
		register(21, parseInteger);
		register(23, parseInteger);
		register(26, parseInteger);
		register(700, parseFloat);
		register(701, parseFloat);
		register(16, parseBool);
		register(1082, parseDate);
		register(1114, parseDate);
		register(1184, parseDate);
		register(600, parsePoint);
		register(651, parseStringArray);
		register(718, parseCircle);
		register(1e3, parseBoolArray);
		register(1001, parseByteAArray);
		register(1005, parseIntegerArray);
		register(1007, parseIntegerArray);
		register(1028, parseIntegerArray);
		register(1016, parseBigIntegerArray);
		register(1017, parsePointArray);
		register(1021, parseFloatArray);
		register(1022, parseFloatArray);
		register(1231, parseFloatArray);
		register(1014, parseStringArray);
		register(1015, parseStringArray);
		register(1008, parseStringArray);
		register(1009, parseStringArray);
		register(1040, parseStringArray);
		register(1041, parseStringArray);
		register(1115, parseDateArray);
		register(1182, parseDateArray);
		register(1185, parseDateArray);
		register(1186, parseInterval);
		register(1187, parseIntervalArray);
		register(17, parseByteA);
		register(114, JSON.parse.bind(JSON));
		register(3802, JSON.parse.bind(JSON));
		register(199, parseJsonArray);
		register(3807, parseJsonArray);
		register(3907, parseStringArray);
		register(2951, parseStringArray);
		register(791, parseStringArray);
		register(1183, parseStringArray);
		register(1270, parseStringArray);
	};
	module.exports = { init };
}));
// ../../../node_modules/.pnpm/pg-int8@1.0.1/node_modules/pg-int8/index.js
var require_pg_int8 = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	var BASE = 1e6;
	function readInt8(buffer) {
		var high = buffer.readInt32BE(0);
		var low = buffer.readUInt32BE(4);
		var sign = "";
		if (high < 0) {
			high = ~high + (low === 0);
			low = ~low + 1 >>> 0;
			sign = "-";
		}
		var result = "";
		var carry;
		var t;
		var digits;
		var pad;
		var l;
		var i;
		carry = high % BASE;
		high = high / BASE >>> 0;
		t = 4294967296 * carry + low;
		low = t / BASE >>> 0;
		digits = "" + (t - BASE * low);
		if (low === 0 && high === 0) return sign + digits + result;
		pad = "";
		l = 6 - digits.length;
		for (i = 0; i < l; i++) pad += "0";
		result = pad + digits + result;
		carry = high % BASE;
		high = high / BASE >>> 0;
		t = 4294967296 * carry + low;
		low = t / BASE >>> 0;
		digits = "" + (t - BASE * low);
		if (low === 0 && high === 0) return sign + digits + result;
		pad = "";
		l = 6 - digits.length;
		for (i = 0; i < l; i++) pad += "0";
		result = pad + digits + result;
		carry = high % BASE;
		high = high / BASE >>> 0;
		t = 4294967296 * carry + low;
		low = t / BASE >>> 0;
		digits = "" + (t - BASE * low);
		if (low === 0 && high === 0) return sign + digits + result;
		pad = "";
		l = 6 - digits.length;
		for (i = 0; i < l; i++) pad += "0";
		result = pad + digits + result;
		carry = high % BASE;
		t = 4294967296 * carry + low;
		digits = "" + t % BASE;
		return sign + digits + result;
	}
	module.exports = readInt8;
}));
// ../../../node_modules/.pnpm/pg-types@2.2.0/node_modules/pg-types/lib/binaryParsers.js
var require_binaryParsers = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	var parseInt64 = require_pg_int8();
	var parseBits = function(data, bits, offset, invert, callback) {
		offset = offset || 0;
		invert = invert || false;
		callback = callback || function(lastValue, newValue, bits) {
			return lastValue * Math.pow(2, bits) + newValue;
		};
		var offsetBytes = offset >> 3;
		var inv = function(value) {
			if (invert) return ~value & 255;
			return value;
		};
		var mask = 255;
		var firstBits = 8 - offset % 8;
		if (bits < firstBits) {
			mask = 255 << 8 - bits & 255;
			firstBits = bits;
		}
		if (offset) mask = mask >> offset % 8;
		var result = 0;
		if (offset % 8 + bits >= 8) result = callback(0, inv(data[offsetBytes]) & mask, firstBits);
		var bytes = bits + offset >> 3;
		for (var i = offsetBytes + 1; i < bytes; i++) result = callback(result, inv(data[i]), 8);
		var lastBits = (bits + offset) % 8;
		if (lastBits > 0) result = callback(result, inv(data[bytes]) >> 8 - lastBits, lastBits);
		return result;
	};
	var parseFloatFromBits = function(data, precisionBits, exponentBits) {
		var bias = Math.pow(2, exponentBits - 1) - 1;
		var sign = parseBits(data, 1);
		var exponent = parseBits(data, exponentBits, 1);
		if (exponent === 0) return 0;
		var precisionBitsCounter = 1;
		var parsePrecisionBits = function(lastValue, newValue, bits) {
			if (lastValue === 0) lastValue = 1;
			for (var i = 1; i <= bits; i++) {
				precisionBitsCounter /= 2;
				if ((newValue & 1 << bits - i) > 0) lastValue += precisionBitsCounter;
			}
			return lastValue;
		};
		var mantissa = parseBits(data, precisionBits, exponentBits + 1, false, parsePrecisionBits);
		if (exponent == Math.pow(2, exponentBits + 1) - 1) {
			if (mantissa === 0) return sign === 0 ? Infinity : -Infinity;
			return NaN;
		}
		return (sign === 0 ? 1 : -1) * Math.pow(2, exponent - bias) * mantissa;
	};
	var parseInt16 = function(value) {
		if (parseBits(value, 1) == 1) return -1 * (parseBits(value, 15, 1, true) + 1);
		return parseBits(value, 15, 1);
	};
	var parseInt32 = function(value) {
		if (parseBits(value, 1) == 1) return -1 * (parseBits(value, 31, 1, true) + 1);
		return parseBits(value, 31, 1);
	};
	var parseFloat32 = function(value) {
		return parseFloatFromBits(value, 23, 8);
	};
	var parseFloat64 = function(value) {
		return parseFloatFromBits(value, 52, 11);
	};
	var parseNumeric = function(value) {
		var sign = parseBits(value, 16, 32);
		if (sign == 49152) return NaN;
		var weight = Math.pow(1e4, parseBits(value, 16, 16));
		var result = 0;
		var ndigits = parseBits(value, 16);
		for (var i = 0; i < ndigits; i++) {
			result += parseBits(value, 16, 64 + 16 * i) * weight;
			weight /= 1e4;
		}
		var scale = Math.pow(10, parseBits(value, 16, 48));
		return (sign === 0 ? 1 : -1) * Math.round(result * scale) / scale;
	};
	var parseDate = function(isUTC, value) {
		var sign = parseBits(value, 1);
		var rawValue = parseBits(value, 63, 1);
		var result = /* @__PURE__ */ new Date((sign === 0 ? 1 : -1) * rawValue / 1e3 + 9466848e5);
		if (!isUTC) result.setTime(result.getTime() + result.getTimezoneOffset() * 6e4);
		result.usec = rawValue % 1e3;
		result.getMicroSeconds = function() {
			return this.usec;
		};
		result.setMicroSeconds = function(value) {
			this.usec = value;
		};
		result.getUTCMicroSeconds = function() {
			return this.usec;
		};
		return result;
	};
	var parseArray = function(value) {
		var dim = parseBits(value, 32);
		parseBits(value, 32, 32);
		var elementType = parseBits(value, 32, 64);
		var offset = 96;
		var dims = [];
		for (var i = 0; i < dim; i++) {
			dims[i] = parseBits(value, 32, offset);
			offset += 32;
			offset += 32;
		}
		var parseElement = function(elementType) {
			var length = parseBits(value, 32, offset);
			offset += 32;
			if (length == 4294967295) return null;
			var result;
			if (elementType == 23 || elementType == 20) {
				result = parseBits(value, length * 8, offset);
				offset += length * 8;
				return result;
			} else if (elementType == 25) {
				result = value.toString(this.encoding, offset >> 3, (offset += length << 3) >> 3);
				return result;
			} else console.log("ERROR: ElementType not implemented: " + elementType);
		};
		var parse = function(dimension, elementType) {
			var array = [];
			var i;
			if (dimension.length > 1) {
				var count = dimension.shift();
				for (i = 0; i < count; i++) array[i] = parse(dimension, elementType);
				dimension.unshift(count);
			} else for (i = 0; i < dimension[0]; i++) array[i] = parseElement(elementType);
			return array;
		};
		return parse(dims, elementType);
	};
	var parseText = function(value) {
		return value.toString("utf8");
	};
	var parseBool = function(value) {
		if (value === null) return null;
		return parseBits(value, 8) > 0;
	};
	var init = function(register) {
		register(20, parseInt64);
		register(21, parseInt16);
		register(23, parseInt32);
		register(26, parseInt32);
		register(1700, parseNumeric);
		register(700, parseFloat32);
		register(701, parseFloat64);
		register(16, parseBool);
		register(1114, parseDate.bind(null, false));
		register(1184, parseDate.bind(null, true));
		register(1e3, parseArray);
		register(1007, parseArray);
		register(1016, parseArray);
		register(1008, parseArray);
		register(1009, parseArray);
		register(25, parseText);
	};
	module.exports = { init };
}));
// ../../../node_modules/.pnpm/pg-types@2.2.0/node_modules/pg-types/lib/builtins.js
var require_builtins = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	/**
	* Following query was used to generate this file:
	
	SELECT json_object_agg(UPPER(PT.typname), PT.oid::int4 ORDER BY pt.oid)
	FROM pg_type PT
	WHERE typnamespace = (SELECT pgn.oid FROM pg_namespace pgn WHERE nspname = 'pg_catalog') -- Take only builting Postgres types with stable OID (extension types are not guaranted to be stable)
	AND typtype = 'b' -- Only basic types
	AND typelem = 0 -- Ignore aliases
	AND typisdefined -- Ignore undefined types
	*/
	module.exports = {
		BOOL: 16,
		BYTEA: 17,
		CHAR: 18,
		INT8: 20,
		INT2: 21,
		INT4: 23,
		REGPROC: 24,
		TEXT: 25,
		OID: 26,
		TID: 27,
		XID: 28,
		CID: 29,
		JSON: 114,
		XML: 142,
		PG_NODE_TREE: 194,
		SMGR: 210,
		PATH: 602,
		POLYGON: 604,
		CIDR: 650,
		FLOAT4: 700,
		FLOAT8: 701,
		ABSTIME: 702,
		RELTIME: 703,
		TINTERVAL: 704,
		CIRCLE: 718,
		MACADDR8: 774,
		MONEY: 790,
		MACADDR: 829,
		INET: 869,
		ACLITEM: 1033,
		BPCHAR: 1042,
		VARCHAR: 1043,
		DATE: 1082,
		TIME: 1083,
		TIMESTAMP: 1114,
		TIMESTAMPTZ: 1184,
		INTERVAL: 1186,
		TIMETZ: 1266,
		BIT: 1560,
		VARBIT: 1562,
		NUMERIC: 1700,
		REFCURSOR: 1790,
		REGPROCEDURE: 2202,
		REGOPER: 2203,
		REGOPERATOR: 2204,
		REGCLASS: 2205,
		REGTYPE: 2206,
		UUID: 2950,
		TXID_SNAPSHOT: 2970,
		PG_LSN: 3220,
		PG_NDISTINCT: 3361,
		PG_DEPENDENCIES: 3402,
		TSVECTOR: 3614,
		TSQUERY: 3615,
		GTSVECTOR: 3642,
		REGCONFIG: 3734,
		REGDICTIONARY: 3769,
		JSONB: 3802,
		REGNAMESPACE: 4089,
		REGROLE: 4096
	};
}));
// ../../../node_modules/.pnpm/pg-types@2.2.0/node_modules/pg-types/index.js
var require_pg_types = /* @__PURE__ */ __commonJSMin(((exports) => {
	var textParsers = require_textParsers();
	var binaryParsers = require_binaryParsers();
	var arrayParser = require_arrayParser();
	var builtinTypes = require_builtins();
	exports.getTypeParser = getTypeParser;
	exports.setTypeParser = setTypeParser;
	exports.arrayParser = arrayParser;
	exports.builtins = builtinTypes;
	var typeParsers = {
		text: {},
		binary: {}
	};
	function noParse(val) {
		return String(val);
	}
	function getTypeParser(oid, format) {
		format = format || "text";
		if (!typeParsers[format]) return noParse;
		return typeParsers[format][oid] || noParse;
	}
	function setTypeParser(oid, format, parseFn) {
		if (typeof format == "function") {
			parseFn = format;
			format = "text";
		}
		typeParsers[format][oid] = parseFn;
	}
	textParsers.init(function(oid, converter) {
		typeParsers.text[oid] = converter;
	});
	binaryParsers.init(function(oid, converter) {
		typeParsers.binary[oid] = converter;
	});
}));
// ../../../node_modules/.pnpm/pg@8.23.1/node_modules/pg/lib/defaults.js
var require_defaults = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	let user;
	try {
		user = process.platform === "win32" ? process.env.USERNAME : process.env.USER;
	} catch {}
	module.exports = {
		host: "localhost",
		user,
		database: void 0,
		password: null,
		connectionString: void 0,
		port: 5432,
		rows: 0,
		binary: false,
		max: 10,
		idleTimeoutMillis: 3e4,
		client_encoding: "",
		ssl: false,
		sslnegotiation: void 0,
		application_name: void 0,
		fallback_application_name: void 0,
		options: void 0,
		parseInputDatesAsUTC: false,
		statement_timeout: false,
		lock_timeout: false,
		idle_in_transaction_session_timeout: false,
		query_timeout: false,
		connect_timeout: 0,
		keepalives: 1,
		keepalives_idle: 0
	};
	const pgTypes = require_pg_types();
	const parseBigInteger = pgTypes.getTypeParser(20, "text");
	const parseBigIntegerArray = pgTypes.getTypeParser(1016, "text");
	module.exports.__defineSetter__("parseInt8", function(val) {
		pgTypes.setTypeParser(20, "text", val ? pgTypes.getTypeParser(23, "text") : parseBigInteger);
		pgTypes.setTypeParser(1016, "text", val ? pgTypes.getTypeParser(1007, "text") : parseBigIntegerArray);
	});
}));
// ../../../node_modules/.pnpm/pg@8.23.1/node_modules/pg/lib/utils.js
var require_utils$1 = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	const defaults = require_defaults();
	const nodeUtils = __require("util");
	const { isDate } = __require("util/types");
	const invalidDateDeprecationNotice = nodeUtils.deprecate(() => {}, "Sending an invalid date to Postgres is deprecated and will throw an error in the next major version of pg. Ensure any Date object passed as a query parameter is valid.", "PG_INVALID_DATE");
	function escapeElement(elementRepresentation) {
		return "\"" + elementRepresentation.replace(/\\/g, "\\\\").replace(/"/g, "\\\"") + "\"";
	}
	function arrayString(val) {
		let result = "{";
		for (let i = 0; i < val.length; i++) {
			if (i > 0) result += ",";
			let item = val[i];
			if (item == null) result += "NULL";
			else if (Array.isArray(item)) result += arrayString(item);
			else if (ArrayBuffer.isView(item)) {
				if (!(item instanceof Buffer)) item = Buffer.from(item.buffer, item.byteOffset, item.byteLength);
				result += "\\\\x" + item.toString("hex");
			} else result += escapeElement(prepareValue(item));
		}
		result += "}";
		return result;
	}
	const prepareValue = function(val, seen) {
		if (val == null) return null;
		if (typeof val === "object") {
			if (val instanceof Buffer) return val;
			if (ArrayBuffer.isView(val)) return Buffer.from(val.buffer, val.byteOffset, val.byteLength);
			if (isDate(val)) {
				if (isNaN(val.getTime())) invalidDateDeprecationNotice();
				if (defaults.parseInputDatesAsUTC) return dateToStringUTC(val);
				else return dateToString(val);
			}
			if (Array.isArray(val)) return arrayString(val);
			return prepareObject(val, seen);
		}
		return val.toString();
	};
	function prepareObject(val, seen) {
		if (val && typeof val.toPostgres === "function") {
			seen = seen || [];
			if (seen.indexOf(val) !== -1) throw new Error("circular reference detected while preparing \"" + val + "\" for query");
			seen.push(val);
			return prepareValue(val.toPostgres(prepareValue), seen);
		}
		return JSON.stringify(val);
	}
	function dateToString(date) {
		let offset = -date.getTimezoneOffset();
		let year = date.getFullYear();
		const isBCYear = year < 1;
		if (isBCYear) year = Math.abs(year) + 1;
		let ret = String(year).padStart(4, "0") + "-" + String(date.getMonth() + 1).padStart(2, "0") + "-" + String(date.getDate()).padStart(2, "0") + "T" + String(date.getHours()).padStart(2, "0") + ":" + String(date.getMinutes()).padStart(2, "0") + ":" + String(date.getSeconds()).padStart(2, "0") + "." + String(date.getMilliseconds()).padStart(3, "0");
		if (offset < 0) {
			ret += "-";
			offset *= -1;
		} else ret += "+";
		ret += String(Math.floor(offset / 60)).padStart(2, "0") + ":" + String(offset % 60).padStart(2, "0");
		if (isBCYear) ret += " BC";
		return ret;
	}
	function dateToStringUTC(date) {
		let year = date.getUTCFullYear();
		const isBCYear = year < 1;
		if (isBCYear) year = Math.abs(year) + 1;
		let ret = String(year).padStart(4, "0") + "-" + String(date.getUTCMonth() + 1).padStart(2, "0") + "-" + String(date.getUTCDate()).padStart(2, "0") + "T" + String(date.getUTCHours()).padStart(2, "0") + ":" + String(date.getUTCMinutes()).padStart(2, "0") + ":" + String(date.getUTCSeconds()).padStart(2, "0") + "." + String(date.getUTCMilliseconds()).padStart(3, "0");
		ret += "+00:00";
		if (isBCYear) ret += " BC";
		return ret;
	}
	function normalizeQueryConfig(config, values, callback) {
		config = typeof config === "string" ? { text: config } : cloneQueryConfig(config);
		if (values) {
			if (typeof values === "function") config.callback = values;
			else config.values = values;
		}
		if (callback) config.callback = callback;
		return config;
	}
	function cloneQueryConfig(config) {
		if (config == null) return config;
		return Object.defineProperties(Object.create(Object.getPrototypeOf(config)), Object.getOwnPropertyDescriptors(config));
	}
	const escapeIdentifier = function(str) {
		return "\"" + str.replace(/"/g, "\"\"") + "\"";
	};
	const escapeLiteral = function(str) {
		let hasBackslash = false;
		let escaped = "'";
		if (str == null) return "''";
		if (typeof str !== "string") return "''";
		for (let i = 0; i < str.length; i++) {
			const c = str[i];
			if (c === "'") escaped += c + c;
			else if (c === "\\") {
				escaped += c + c;
				hasBackslash = true;
			} else escaped += c;
		}
		escaped += "'";
		if (hasBackslash === true) escaped = " E" + escaped;
		return escaped;
	};
	module.exports = {
		prepareValue: function prepareValueWrapper(value) {
			return prepareValue(value);
		},
		normalizeQueryConfig,
		escapeIdentifier,
		escapeLiteral
	};
}));
// ../../../node_modules/.pnpm/pg@8.23.1/node_modules/pg/lib/crypto/utils.js
var require_utils = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	const nodeCrypto = __require("crypto");
	module.exports = {
		postgresMd5PasswordHash,
		randomBytes,
		deriveKey,
		sha256,
		hashByName,
		hmacSha256,
		md5
	};
	/**
	* The Web Crypto API - grabbed from the Node.js library or the global
	* @type Crypto
	*/
	const webCrypto = nodeCrypto.webcrypto || globalThis.crypto;
	/**
	* The SubtleCrypto API for low level crypto operations.
	* @type SubtleCrypto
	*/
	const subtleCrypto = webCrypto.subtle;
	const textEncoder = new TextEncoder();
	/**
	*
	* @param {*} length
	* @returns
	*/
	function randomBytes(length) {
		return webCrypto.getRandomValues(Buffer.alloc(length));
	}
	async function md5(string) {
		try {
			return nodeCrypto.createHash("md5").update(string, "utf-8").digest("hex");
		} catch (e) {
			const data = typeof string === "string" ? textEncoder.encode(string) : string;
			const hash = await subtleCrypto.digest("MD5", data);
			return Array.from(new Uint8Array(hash)).map((b) => b.toString(16).padStart(2, "0")).join("");
		}
	}
	async function postgresMd5PasswordHash(user, password, salt) {
		const inner = await md5(password + user);
		return "md5" + await md5(Buffer.concat([Buffer.from(inner), salt]));
	}
	/**
	* Create a SHA-256 digest of the given data
	* @param {Buffer} data
	*/
	async function sha256(text) {
		return await subtleCrypto.digest("SHA-256", text);
	}
	async function hashByName(hashName, text) {
		return await subtleCrypto.digest(hashName, text);
	}
	/**
	* Sign the message with the given key
	* @param {ArrayBuffer} keyBuffer
	* @param {string} msg
	*/
	async function hmacSha256(keyBuffer, msg) {
		const key = await subtleCrypto.importKey("raw", keyBuffer, {
			name: "HMAC",
			hash: "SHA-256"
		}, false, ["sign"]);
		return await subtleCrypto.sign("HMAC", key, textEncoder.encode(msg));
	}
	/**
	* Derive a key from the password and salt
	* @param {string} password
	* @param {Uint8Array} salt
	* @param {number} iterations
	*/
	async function deriveKey(password, salt, iterations) {
		const key = await subtleCrypto.importKey("raw", textEncoder.encode(password), "PBKDF2", false, ["deriveBits"]);
		const params = {
			name: "PBKDF2",
			hash: "SHA-256",
			salt,
			iterations
		};
		return await subtleCrypto.deriveBits(params, key, 256, ["deriveBits"]);
	}
}));
// ../../../node_modules/.pnpm/pg@8.23.1/node_modules/pg/lib/crypto/cert-signatures.js
var require_cert_signatures = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	function x509Error(msg, cert) {
		return /* @__PURE__ */ new Error("SASL channel binding: " + msg + " when parsing public certificate " + cert.toString("base64"));
	}
	function readASN1Length(data, index) {
		let length = data[index++];
		if (length < 128) return {
			length,
			index
		};
		const lengthBytes = length & 127;
		if (lengthBytes > 4) throw x509Error("bad length", data);
		length = 0;
		for (let i = 0; i < lengthBytes; i++) length = length << 8 | data[index++];
		return {
			length,
			index
		};
	}
	function readASN1OID(data, index) {
		if (data[index++] !== 6) throw x509Error("non-OID data", data);
		const { length: OIDLength, index: indexAfterOIDLength } = readASN1Length(data, index);
		index = indexAfterOIDLength;
		const lastIndex = index + OIDLength;
		const byte1 = data[index++];
		let oid = (byte1 / 40 >> 0) + "." + byte1 % 40;
		while (index < lastIndex) {
			let value = 0;
			while (index < lastIndex) {
				const nextByte = data[index++];
				value = value << 7 | nextByte & 127;
				if (nextByte < 128) break;
			}
			oid += "." + value;
		}
		return {
			oid,
			index
		};
	}
	function expectASN1Seq(data, index) {
		if (data[index++] !== 48) throw x509Error("non-sequence data", data);
		return readASN1Length(data, index);
	}
	function signatureAlgorithmHashFromCertificate(data, index) {
		if (index === void 0) index = 0;
		index = expectASN1Seq(data, index).index;
		const { length: certInfoLength, index: indexAfterCertInfoLength } = expectASN1Seq(data, index);
		index = indexAfterCertInfoLength + certInfoLength;
		index = expectASN1Seq(data, index).index;
		const { oid, index: indexAfterOID } = readASN1OID(data, index);
		switch (oid) {
			case "1.2.840.113549.1.1.4": return "MD5";
			case "1.2.840.113549.1.1.5": return "SHA-1";
			case "1.2.840.113549.1.1.11": return "SHA-256";
			case "1.2.840.113549.1.1.12": return "SHA-384";
			case "1.2.840.113549.1.1.13": return "SHA-512";
			case "1.2.840.113549.1.1.14": return "SHA-224";
			case "1.2.840.113549.1.1.15": return "SHA512-224";
			case "1.2.840.113549.1.1.16": return "SHA512-256";
			case "1.2.840.10045.4.1": return "SHA-1";
			case "1.2.840.10045.4.3.1": return "SHA-224";
			case "1.2.840.10045.4.3.2": return "SHA-256";
			case "1.2.840.10045.4.3.3": return "SHA-384";
			case "1.2.840.10045.4.3.4": return "SHA-512";
			case "1.2.840.113549.1.1.10": {
				index = indexAfterOID;
				index = expectASN1Seq(data, index).index;
				if (data[index++] !== 160) throw x509Error("non-tag data", data);
				index = readASN1Length(data, index).index;
				index = expectASN1Seq(data, index).index;
				const { oid: hashOID } = readASN1OID(data, index);
				switch (hashOID) {
					case "1.2.840.113549.2.5": return "MD5";
					case "1.3.14.3.2.26": return "SHA-1";
					case "2.16.840.1.101.3.4.2.1": return "SHA-256";
					case "2.16.840.1.101.3.4.2.2": return "SHA-384";
					case "2.16.840.1.101.3.4.2.3": return "SHA-512";
				}
				throw x509Error("unknown hash OID " + hashOID, data);
			}
			case "1.3.101.110":
			case "1.3.101.112": return "SHA-512";
			case "1.3.101.111":
			case "1.3.101.113": throw x509Error("Ed448 certificate channel binding is not currently supported by Postgres");
		}
		throw x509Error("unknown OID " + oid, data);
	}
	module.exports = { signatureAlgorithmHashFromCertificate };
}));
// ../../../node_modules/.pnpm/pg@8.23.1/node_modules/pg/lib/crypto/sasl.js
var require_sasl = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	const crypto = require_utils();
	const { signatureAlgorithmHashFromCertificate } = require_cert_signatures();
	function saslprep(password) {
		return password.replace(/[\u00A0\u1680\u2000-\u200B\u202F\u205F\u3000]/g, " ").replace(/[\u00AD\u034F\u1806\u180B\u180C\u180D\u200C\u200D\u2060\uFE00-\uFE0F\uFEFF]/g, "").normalize("NFKC");
	}
	const DEFAULT_MAX_SCRAM_ITERATIONS = 1e5;
	function startSession(mechanisms, stream, scramMaxIterations = DEFAULT_MAX_SCRAM_ITERATIONS) {
		const candidates = ["SCRAM-SHA-256"];
		if (stream) candidates.unshift("SCRAM-SHA-256-PLUS");
		const mechanism = candidates.find((candidate) => mechanisms.includes(candidate));
		if (!mechanism) throw new Error("SASL: Only mechanism(s) " + candidates.join(" and ") + " are supported");
		if (mechanism === "SCRAM-SHA-256-PLUS" && typeof stream.getPeerCertificate !== "function") throw new Error("SASL: Mechanism SCRAM-SHA-256-PLUS requires a certificate");
		const clientNonce = crypto.randomBytes(18).toString("base64");
		return {
			mechanism,
			clientNonce,
			response: (mechanism === "SCRAM-SHA-256-PLUS" ? "p=tls-server-end-point" : stream ? "y" : "n") + ",,n=*,r=" + clientNonce,
			message: "SASLInitialResponse",
			scramMaxIterations
		};
	}
	async function continueSession(session, password, serverData, stream) {
		if (session.message !== "SASLInitialResponse") throw new Error("SASL: Last message was not SASLInitialResponse");
		if (typeof password !== "string") throw new Error("SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string");
		if (password === "") throw new Error("SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a non-empty string");
		if (typeof serverData !== "string") throw new Error("SASL: SCRAM-SERVER-FIRST-MESSAGE: serverData must be a string");
		const sv = parseServerFirstMessage(serverData);
		if (!sv.nonce.startsWith(session.clientNonce)) throw new Error("SASL: SCRAM-SERVER-FIRST-MESSAGE: server nonce does not start with client nonce");
		else if (sv.nonce.length === session.clientNonce.length) throw new Error("SASL: SCRAM-SERVER-FIRST-MESSAGE: server nonce is too short");
		const scramMaxIterations = typeof session.scramMaxIterations === "number" ? session.scramMaxIterations : DEFAULT_MAX_SCRAM_ITERATIONS;
		if (scramMaxIterations !== 0 && sv.iteration > scramMaxIterations) throw new Error("SASL: SCRAM-SERVER-FIRST-MESSAGE: iteration count " + sv.iteration + " exceeds scramMaxIterations of " + scramMaxIterations);
		const clientFirstMessageBare = "n=*,r=" + session.clientNonce;
		const serverFirstMessage = "r=" + sv.nonce + ",s=" + sv.salt + ",i=" + sv.iteration;
		let channelBinding = stream ? "eSws" : "biws";
		if (session.mechanism === "SCRAM-SHA-256-PLUS") {
			const peerCert = stream.getPeerCertificate().raw;
			let hashName = signatureAlgorithmHashFromCertificate(peerCert);
			if (hashName === "MD5" || hashName === "SHA-1") hashName = "SHA-256";
			const certHash = await crypto.hashByName(hashName, peerCert);
			channelBinding = Buffer.concat([Buffer.from("p=tls-server-end-point,,"), Buffer.from(certHash)]).toString("base64");
		}
		const clientFinalMessageWithoutProof = "c=" + channelBinding + ",r=" + sv.nonce;
		const authMessage = clientFirstMessageBare + "," + serverFirstMessage + "," + clientFinalMessageWithoutProof;
		const saltBytes = Buffer.from(sv.salt, "base64");
		const saltedPassword = await crypto.deriveKey(saslprep(password), saltBytes, sv.iteration);
		const clientKey = await crypto.hmacSha256(saltedPassword, "Client Key");
		const storedKey = await crypto.sha256(clientKey);
		const clientSignature = await crypto.hmacSha256(storedKey, authMessage);
		const clientProof = xorBuffers(Buffer.from(clientKey), Buffer.from(clientSignature)).toString("base64");
		const serverKey = await crypto.hmacSha256(saltedPassword, "Server Key");
		const serverSignatureBytes = await crypto.hmacSha256(serverKey, authMessage);
		session.message = "SASLResponse";
		session.serverSignature = Buffer.from(serverSignatureBytes).toString("base64");
		session.response = clientFinalMessageWithoutProof + ",p=" + clientProof;
	}
	function finalizeSession(session, serverData) {
		if (session.message !== "SASLResponse") throw new Error("SASL: Last message was not SASLResponse");
		if (typeof serverData !== "string") throw new Error("SASL: SCRAM-SERVER-FINAL-MESSAGE: serverData must be a string");
		const { serverSignature } = parseServerFinalMessage(serverData);
		if (serverSignature !== session.serverSignature) throw new Error("SASL: SCRAM-SERVER-FINAL-MESSAGE: server signature does not match");
	}
	/**
	* printable       = %x21-2B / %x2D-7E
	*                   ;; Printable ASCII except ",".
	*                   ;; Note that any "printable" is also
	*                   ;; a valid "value".
	*/
	function isPrintableChars(text) {
		if (typeof text !== "string") throw new TypeError("SASL: text must be a string");
		return text.split("").map((_, i) => text.charCodeAt(i)).every((c) => c >= 33 && c <= 43 || c >= 45 && c <= 126);
	}
	/**
	* base64-char     = ALPHA / DIGIT / "/" / "+"
	*
	* base64-4        = 4base64-char
	*
	* base64-3        = 3base64-char "="
	*
	* base64-2        = 2base64-char "=="
	*
	* base64          = *base64-4 [base64-3 / base64-2]
	*/
	function isBase64(text) {
		return /^(?:[a-zA-Z0-9+/]{4})*(?:[a-zA-Z0-9+/]{2}==|[a-zA-Z0-9+/]{3}=)?$/.test(text);
	}
	function parseAttributePairs(text) {
		if (typeof text !== "string") throw new TypeError("SASL: attribute pairs text must be a string");
		return new Map(text.split(",").map((attrValue) => {
			if (!/^.=/.test(attrValue)) throw new Error("SASL: Invalid attribute pair entry");
			return [attrValue[0], attrValue.substring(2)];
		}));
	}
	function parseServerFirstMessage(data) {
		const attrPairs = parseAttributePairs(data);
		const nonce = attrPairs.get("r");
		if (!nonce) throw new Error("SASL: SCRAM-SERVER-FIRST-MESSAGE: nonce missing");
		else if (!isPrintableChars(nonce)) throw new Error("SASL: SCRAM-SERVER-FIRST-MESSAGE: nonce must only contain printable characters");
		const salt = attrPairs.get("s");
		if (!salt) throw new Error("SASL: SCRAM-SERVER-FIRST-MESSAGE: salt missing");
		else if (!isBase64(salt)) throw new Error("SASL: SCRAM-SERVER-FIRST-MESSAGE: salt must be base64");
		const iterationText = attrPairs.get("i");
		if (!iterationText) throw new Error("SASL: SCRAM-SERVER-FIRST-MESSAGE: iteration missing");
		else if (!/^[1-9][0-9]*$/.test(iterationText)) throw new Error("SASL: SCRAM-SERVER-FIRST-MESSAGE: invalid iteration count");
		return {
			nonce,
			salt,
			iteration: parseInt(iterationText, 10)
		};
	}
	function parseServerFinalMessage(serverData) {
		const attrPairs = parseAttributePairs(serverData);
		const error = attrPairs.get("e");
		const serverSignature = attrPairs.get("v");
		if (error) throw new Error(`SASL: SCRAM-SERVER-FINAL-MESSAGE: server returned error: "${error}"`);
		if (!serverSignature) throw new Error("SASL: SCRAM-SERVER-FINAL-MESSAGE: server signature is missing");
		else if (!isBase64(serverSignature)) throw new Error("SASL: SCRAM-SERVER-FINAL-MESSAGE: server signature must be base64");
		return { serverSignature };
	}
	function xorBuffers(a, b) {
		if (!Buffer.isBuffer(a)) throw new TypeError("first argument must be a Buffer");
		if (!Buffer.isBuffer(b)) throw new TypeError("second argument must be a Buffer");
		if (a.length !== b.length) throw new Error("Buffer lengths must match");
		if (a.length === 0) throw new Error("Buffers cannot be empty");
		return Buffer.from(a.map((_, i) => a[i] ^ b[i]));
	}
	module.exports = {
		startSession,
		continueSession,
		finalizeSession,
		DEFAULT_MAX_SCRAM_ITERATIONS
	};
}));
// ../../../node_modules/.pnpm/pg@8.23.1/node_modules/pg/lib/type-overrides.js
var require_type_overrides = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	const types = require_pg_types();
	function TypeOverrides(userTypes) {
		this._types = userTypes || types;
		this.text = {};
		this.binary = {};
	}
	TypeOverrides.prototype.getOverrides = function(format) {
		switch (format) {
			case "text": return this.text;
			case "binary": return this.binary;
			default: return {};
		}
	};
	TypeOverrides.prototype.setTypeParser = function(oid, format, parseFn) {
		if (typeof format === "function") {
			parseFn = format;
			format = "text";
		}
		this.getOverrides(format)[oid] = parseFn;
	};
	TypeOverrides.prototype.getTypeParser = function(oid, format) {
		format = format || "text";
		return this.getOverrides(format)[oid] || this._types.getTypeParser(oid, format);
	};
	module.exports = TypeOverrides;
}));
// ../../../node_modules/.pnpm/pg-connection-string@2.14.1/node_modules/pg-connection-string/index.js
var require_pg_connection_string = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	function parse(str, options = {}) {
		if (str.charAt(0) === "/") {
			const config = str.split(" ");
			return {
				host: config[0],
				database: config[1]
			};
		}
		const config = Object.create(null);
		let result;
		let dummyHost = false;
		if (/ |%[^a-f0-9]|%[a-f0-9][^a-f0-9]/i.test(str)) str = encodeURI(str).replace(/%25(\d\d)/g, "%$1");
		try {
			try {
				result = new URL(str, "postgres://base");
			} catch (e) {
				result = new URL(str.replace("@/", "@___DUMMY___/"), "postgres://base");
				dummyHost = true;
			}
		} catch (err) {
			err.input && (err.input = "*****REDACTED*****");
			throw err;
		}
		for (const entry of result.searchParams.entries()) config[entry[0]] = entry[1];
		config.user = config.user || decodeURIComponent(result.username);
		config.password = config.password || decodeURIComponent(result.password);
		if (result.protocol == "socket:") {
			config.host = decodeURI(result.pathname);
			config.database = result.searchParams.get("db");
			config.client_encoding = result.searchParams.get("encoding");
			return config;
		}
		const hostname = (dummyHost ? "" : result.hostname).replace(/^\[(.+)\]$/, "$1");
		if (!config.host) config.host = decodeURIComponent(hostname);
		else if (hostname && /^%2f/i.test(hostname)) result.pathname = hostname + result.pathname;
		if (!config.port) config.port = result.port;
		const pathname = result.pathname.slice(1) || null;
		config.database = pathname ? decodeURI(pathname) : null;
		if (config.ssl === "true" || config.ssl === "1") config.ssl = true;
		if (config.ssl === "0") config.ssl = false;
		if (config.sslcert || config.sslkey || config.sslrootcert || config.sslmode) config.ssl = {};
		if (config.sslnegotiation === "direct" && config.ssl === void 0) config.ssl = true;
		const fs = config.sslcert || config.sslkey || config.sslrootcert ? __require("fs") : null;
		if (config.sslcert) config.ssl.cert = fs.readFileSync(config.sslcert).toString();
		if (config.sslkey) config.ssl.key = fs.readFileSync(config.sslkey).toString();
		if (config.sslrootcert) config.ssl.ca = fs.readFileSync(config.sslrootcert).toString();
		if (options.useLibpqCompat && config.uselibpqcompat) throw new Error("Both useLibpqCompat and uselibpqcompat are set. Please use only one of them.");
		if (config.uselibpqcompat === "true" || options.useLibpqCompat) switch (config.sslmode) {
			case "disable":
				config.ssl = false;
				break;
			case "prefer":
				config.ssl.rejectUnauthorized = false;
				break;
			case "require":
				if (config.sslrootcert) config.ssl.checkServerIdentity = function() {};
				else config.ssl.rejectUnauthorized = false;
				break;
			case "verify-ca":
				if (!config.ssl.ca) throw new Error("SECURITY WARNING: Using sslmode=verify-ca requires specifying a CA with sslrootcert. If a public CA is used, verify-ca allows connections to a server that somebody else may have registered with the CA, making you vulnerable to Man-in-the-Middle attacks. Either specify a custom CA certificate with sslrootcert parameter or use sslmode=verify-full for proper security.");
				config.ssl.checkServerIdentity = function() {};
		}
		else switch (config.sslmode) {
			case "disable":
				config.ssl = false;
				break;
			case "prefer":
			case "require":
			case "verify-ca":
			case "verify-full":
				if (config.sslmode !== "verify-full") deprecatedSslModeWarning(config.sslmode);
				break;
			case "no-verify": config.ssl.rejectUnauthorized = false;
		}
		return config;
	}
	function toConnectionOptions(sslConfig) {
		return Object.entries(sslConfig).reduce((c, [key, value]) => {
			if (value !== void 0 && value !== null) c[key] = value;
			return c;
		}, Object.create(null));
	}
	function toClientConfig(config) {
		return Object.entries(config).reduce((c, [key, value]) => {
			if (key === "ssl") {
				const sslConfig = value;
				if (typeof sslConfig === "boolean") c[key] = sslConfig;
				if (typeof sslConfig === "object") c[key] = toConnectionOptions(sslConfig);
			} else if (value !== void 0 && value !== null) {
				if (key === "port") {
					if (value !== "") {
						const v = parseInt(value, 10);
						if (isNaN(v)) throw new Error(`Invalid ${key}: ${value}`);
						c[key] = v;
					}
				} else c[key] = value;
			}
			return c;
		}, Object.create(null));
	}
	function parseIntoClientConfig(str) {
		return toClientConfig(parse(str));
	}
	function deprecatedSslModeWarning(sslmode) {
		if (!deprecatedSslModeWarning.warned && typeof process !== "undefined" && process.emitWarning) {
			deprecatedSslModeWarning.warned = true;
			process.emitWarning(`SECURITY WARNING: The SSL modes 'prefer', 'require', and 'verify-ca' are treated as aliases for 'verify-full'.
In the next major version (pg-connection-string v3.0.0 and pg v9.0.0), these modes will adopt standard libpq semantics, which have weaker security guarantees.

To prepare for this change:
- If you want the current behavior, explicitly use 'sslmode=verify-full'
- If you want libpq compatibility now, use 'uselibpqcompat=true&sslmode=${sslmode}'

See https://www.postgresql.org/docs/current/libpq-ssl.html for libpq SSL mode definitions.`);
		}
	}
	module.exports = parse;
	parse.parse = parse;
	parse.toClientConfig = toClientConfig;
	parse.parseIntoClientConfig = parseIntoClientConfig;
}));
// ../../../node_modules/.pnpm/pg-connection-string@2.14.1/node_modules/pg-connection-string/esm/index.mjs
var esm_exports$3 = /* @__PURE__ */ __exportAll({
	default: () => esm_default$3,
	parse: () => parse$1,
	parseIntoClientConfig: () => parseIntoClientConfig,
	toClientConfig: () => toClientConfig
});
var import_pg_connection_string, esm_default$3, parse$1, toClientConfig, parseIntoClientConfig;
var init_esm$3 = __esmMin(() => {
	import_pg_connection_string = /* @__PURE__ */ __toESM(require_pg_connection_string(), 1);
	esm_default$3 = import_pg_connection_string.default.parse;
	parse$1 = import_pg_connection_string.default.parse;
	toClientConfig = import_pg_connection_string.default.toClientConfig;
	parseIntoClientConfig = import_pg_connection_string.default.parseIntoClientConfig;
});
// ../../../node_modules/.pnpm/pg@8.23.1/node_modules/pg/lib/connection-parameters.js
var require_connection_parameters = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	const dns = __require("dns");
	const defaults = require_defaults();
	const parse = (init_esm$3(), __toCommonJS(esm_exports$3)).parse;
	const val = function(key, config, envVar) {
		if (config[key]) return config[key];
		if (envVar === void 0) envVar = process.env["PG" + key.toUpperCase()];
		else if (envVar === false) {} else envVar = process.env[envVar];
		return envVar || defaults[key];
	};
	const readSSLConfigFromEnvironment = function() {
		switch (process.env.PGSSLMODE) {
			case "disable": return false;
			case "prefer":
			case "require":
			case "verify-ca":
			case "verify-full": return true;
			case "no-verify": return { rejectUnauthorized: false };
		}
		return defaults.ssl;
	};
	const quoteParamValue = function(value) {
		return "'" + ("" + value).replace(/\\/g, "\\\\").replace(/'/g, "\\'") + "'";
	};
	const add = function(params, config, paramName) {
		const value = config[paramName];
		if (value !== void 0 && value !== null) params.push(paramName + "=" + quoteParamValue(value));
	};
	var ConnectionParameters = class {
		constructor(config) {
			config = typeof config === "string" ? parse(config) : config || {};
			if (config.connectionString) config = Object.assign({}, config, parse(config.connectionString));
			this.user = val("user", config);
			this.database = val("database", config);
			if (this.database === void 0) this.database = this.user;
			this.port = parseInt(val("port", config), 10);
			this.host = val("host", config);
			Object.defineProperty(this, "password", {
				configurable: true,
				enumerable: false,
				writable: true,
				value: val("password", config)
			});
			this.binary = val("binary", config);
			this.options = val("options", config);
			this.ssl = typeof config.ssl === "undefined" ? readSSLConfigFromEnvironment() : config.ssl;
			if (typeof this.ssl === "string") {
				if (this.ssl === "true") this.ssl = true;
			}
			if (this.ssl === "no-verify") this.ssl = { rejectUnauthorized: false };
			if (this.ssl && this.ssl.key) Object.defineProperty(this.ssl, "key", { enumerable: false });
			this.sslnegotiation = val("sslnegotiation", config, "PGSSLNEGOTIATION");
			if (this.sslnegotiation !== void 0 && this.sslnegotiation !== "postgres" && this.sslnegotiation !== "direct") throw new Error(`Invalid sslnegotiation value: "${this.sslnegotiation}". Valid values are "postgres" and "direct".`);
			if (this.sslnegotiation === "direct" && !this.ssl) throw new Error("sslnegotiation=direct requires SSL to be enabled");
			this.client_encoding = val("client_encoding", config);
			this.replication = val("replication", config);
			this.isDomainSocket = !(this.host || "").indexOf("/");
			this.application_name = val("application_name", config, "PGAPPNAME");
			this.fallback_application_name = val("fallback_application_name", config, false);
			this.statement_timeout = val("statement_timeout", config, false);
			this.lock_timeout = val("lock_timeout", config, false);
			this.idle_in_transaction_session_timeout = val("idle_in_transaction_session_timeout", config, false);
			this.query_timeout = val("query_timeout", config, false);
			if (config.connectionTimeoutMillis === void 0) this.connect_timeout = process.env.PGCONNECT_TIMEOUT || 0;
			else this.connect_timeout = Math.floor(config.connectionTimeoutMillis / 1e3);
			if (config.keepAlive === false) this.keepalives = 0;
			else if (config.keepAlive === true) this.keepalives = 1;
			if (typeof config.keepAliveInitialDelayMillis === "number") this.keepalives_idle = Math.floor(config.keepAliveInitialDelayMillis / 1e3);
		}
		getLibpqConnectionString(cb) {
			const params = [];
			add(params, this, "user");
			add(params, this, "password");
			add(params, this, "port");
			add(params, this, "application_name");
			add(params, this, "fallback_application_name");
			add(params, this, "connect_timeout");
			add(params, this, "options");
			const ssl = typeof this.ssl === "object" ? this.ssl : this.ssl ? { sslmode: this.ssl } : {};
			add(params, ssl, "sslmode");
			add(params, ssl, "sslca");
			add(params, ssl, "sslkey");
			add(params, ssl, "sslcert");
			add(params, ssl, "sslrootcert");
			add(params, this, "sslnegotiation");
			if (this.database) params.push("dbname=" + quoteParamValue(this.database));
			if (this.replication) params.push("replication=" + quoteParamValue(this.replication));
			if (this.host) params.push("host=" + quoteParamValue(this.host));
			if (this.isDomainSocket) return cb(null, params.join(" "));
			if (this.client_encoding) params.push("client_encoding=" + quoteParamValue(this.client_encoding));
			dns.lookup(this.host, function(err, address) {
				if (err) return cb(err, null);
				params.push("hostaddr=" + quoteParamValue(address));
				return cb(null, params.join(" "));
			});
		}
	};
	module.exports = ConnectionParameters;
}));
// ../../../node_modules/.pnpm/pg@8.23.1/node_modules/pg/lib/result.js
var require_result = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	const types = require_pg_types();
	const matchRegexp = /^([A-Za-z]+)(?: (\d+))?(?: (\d+))?/;
	var Result = class {
		constructor(rowMode, types) {
			this.command = null;
			this.rowCount = null;
			this.oid = null;
			this.rows = [];
			this.fields = [];
			this._parsers = void 0;
			this._types = types;
			this.RowCtor = null;
			this.rowAsArray = rowMode === "array";
			if (this.rowAsArray) this.parseRow = this._parseRowAsArray;
			this._prebuiltEmptyResultObject = null;
		}
		addCommandComplete(msg) {
			let match;
			if (msg.text) match = matchRegexp.exec(msg.text);
			else match = matchRegexp.exec(msg.command);
			if (match) {
				this.command = match[1];
				if (match[3]) {
					this.oid = parseInt(match[2], 10);
					this.rowCount = parseInt(match[3], 10);
				} else if (match[2]) this.rowCount = parseInt(match[2], 10);
			}
		}
		_parseRowAsArray(rowData) {
			const row = new Array(rowData.length);
			for (let i = 0, len = rowData.length; i < len; i++) {
				const rawValue = rowData[i];
				if (rawValue !== null) row[i] = this._parsers[i](rawValue);
				else row[i] = null;
			}
			return row;
		}
		parseRow(rowData) {
			const row = { ...this._prebuiltEmptyResultObject };
			for (let i = 0, len = rowData.length; i < len; i++) {
				const rawValue = rowData[i];
				const field = this.fields[i].name;
				if (rawValue !== null) {
					const v = this.fields[i].format === "binary" ? Buffer.from(rawValue) : rawValue;
					row[field] = this._parsers[i](v);
				} else row[field] = null;
			}
			return row;
		}
		addRow(row) {
			this.rows.push(row);
		}
		addFields(fieldDescriptions) {
			this.fields = fieldDescriptions;
			if (this.fields.length) this._parsers = new Array(fieldDescriptions.length);
			const row = Object.create(null);
			for (let i = 0; i < fieldDescriptions.length; i++) {
				const desc = fieldDescriptions[i];
				row[desc.name] = null;
				if (this._types) this._parsers[i] = this._types.getTypeParser(desc.dataTypeID, desc.format || "text");
				else this._parsers[i] = types.getTypeParser(desc.dataTypeID, desc.format || "text");
			}
			this._prebuiltEmptyResultObject = { ...row };
		}
	};
	module.exports = Result;
}));
// ../../../node_modules/.pnpm/pg@8.23.1/node_modules/pg/lib/query.js
var require_query$1 = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	const { EventEmitter } = __require("events");
	const Result = require_result();
	const utils = require_utils$1();
	var Query = class extends EventEmitter {
		constructor(config, values, callback) {
			super();
			config = utils.normalizeQueryConfig(config, values, callback);
			this.text = config.text;
			this.values = config.values;
			this.rows = config.rows;
			this.types = config.types;
			this.name = config.name;
			this.queryMode = config.queryMode;
			this.binary = config.binary;
			this.portal = config.portal || "";
			this.callback = config.callback;
			this._rowMode = config.rowMode;
			if (process.domain && config.callback) this.callback = process.domain.bind(config.callback);
			this._result = new Result(this._rowMode, this.types);
			this._results = this._result;
			this._canceledDueToError = false;
		}
		requiresPreparation() {
			if (this.queryMode === "extended") return true;
			if (this.name) return true;
			if (this.rows) return true;
			if (!this.text) return false;
			if (!this.values) return false;
			return this.values.length > 0;
		}
		_checkForMultirow() {
			if (this._result.command) {
				if (!Array.isArray(this._results)) this._results = [this._result];
				this._result = new Result(this._rowMode, this._result._types);
				this._results.push(this._result);
			}
		}
		handleRowDescription(msg) {
			this._checkForMultirow();
			this._result.addFields(msg.fields);
			this._accumulateRows = this.callback || !this.listeners("row").length;
		}
		handleDataRow(msg) {
			let row;
			if (this._canceledDueToError) return;
			try {
				row = this._result.parseRow(msg.fields);
			} catch (err) {
				this._canceledDueToError = err;
				return;
			}
			this.emit("row", row, this._result);
			if (this._accumulateRows) this._result.addRow(row);
		}
		handleCommandComplete(msg, connection) {
			this._checkForMultirow();
			this._result.addCommandComplete(msg);
			if (this.rows) connection.sync();
		}
		handleEmptyQuery(connection) {
			if (this.rows) connection.sync();
		}
		handleError(err, connection) {
			if (this._canceledDueToError) {
				err = this._canceledDueToError;
				this._canceledDueToError = false;
			}
			if (this.callback) return this.callback(err);
			this.emit("error", err);
		}
		handleReadyForQuery(con) {
			if (this._canceledDueToError) return this.handleError(this._canceledDueToError, con);
			if (this.callback) try {
				this.callback(null, this._results);
			} catch (err) {
				process.nextTick(() => {
					throw err;
				});
			}
			this.emit("end", this._results);
		}
		submit(connection) {
			if (typeof this.text !== "string" && typeof this.name !== "string") return /* @__PURE__ */ new Error("A query must have either text or a name. Supplying neither is unsupported.");
			const previous = connection.parsedStatements[this.name] || connection.submittedNamedStatements[this.name];
			if (this.text && previous && this.text !== previous) return /* @__PURE__ */ new Error(`Prepared statements must be unique - '${this.name}' was used for a different statement`);
			if (this.values && !Array.isArray(this.values)) return /* @__PURE__ */ new Error("Query values must be an array");
			if (this.requiresPreparation()) {
				connection.stream.cork && connection.stream.cork();
				try {
					this.prepare(connection);
				} finally {
					connection.stream.uncork && connection.stream.uncork();
				}
			} else connection.query(this.text);
			return null;
		}
		hasBeenParsed(connection) {
			return this.name && (connection.parsedStatements[this.name] !== void 0 || connection.submittedNamedStatements[this.name] !== void 0);
		}
		handlePortalSuspended(connection) {
			this._getRows(connection, this.rows);
		}
		_getRows(connection, rows) {
			connection.execute({
				portal: this.portal,
				rows
			});
			if (!rows) connection.sync();
			else connection.flush();
		}
		prepare(connection) {
			if (!this.hasBeenParsed(connection)) {
				connection.parse({
					text: this.text,
					name: this.name,
					types: this.types
				});
				if (this.name) connection.submittedNamedStatements[this.name] = this.text;
			}
			try {
				connection.bind({
					portal: this.portal,
					statement: this.name,
					values: this.values,
					binary: this.binary,
					valueMapper: utils.prepareValue
				});
			} catch (err) {
				connection.close({
					type: "S",
					name: this.name
				});
				connection.sync();
				this.handleError(err, connection);
				return;
			}
			connection.describe({
				type: "P",
				name: this.portal || ""
			});
			this._getRows(connection, this.rows);
		}
		handleCopyInResponse(connection) {
			connection.sendCopyFail("No source stream defined");
		}
		handleCopyData(msg, connection) {}
	};
	module.exports = Query;
}));
// ../../../node_modules/.pnpm/pg-protocol@1.16.1/node_modules/pg-protocol/dist/messages.js
var require_messages = /* @__PURE__ */ __commonJSMin(((exports) => {
	Object.defineProperty(exports, "__esModule", { value: true });
	exports.NoticeMessage = exports.DataRowMessage = exports.CommandCompleteMessage = exports.ReadyForQueryMessage = exports.NotificationResponseMessage = exports.BackendKeyDataMessage = exports.AuthenticationMD5Password = exports.ParameterStatusMessage = exports.ParameterDescriptionMessage = exports.RowDescriptionMessage = exports.Field = exports.CopyResponse = exports.CopyDataMessage = exports.DatabaseError = exports.copyDone = exports.emptyQuery = exports.replicationStart = exports.portalSuspended = exports.noData = exports.closeComplete = exports.bindComplete = exports.parseComplete = void 0;
	exports.parseComplete = {
		name: "parseComplete",
		length: 5
	};
	exports.bindComplete = {
		name: "bindComplete",
		length: 5
	};
	exports.closeComplete = {
		name: "closeComplete",
		length: 5
	};
	exports.noData = {
		name: "noData",
		length: 5
	};
	exports.portalSuspended = {
		name: "portalSuspended",
		length: 5
	};
	exports.replicationStart = {
		name: "replicationStart",
		length: 4
	};
	exports.emptyQuery = {
		name: "emptyQuery",
		length: 4
	};
	exports.copyDone = {
		name: "copyDone",
		length: 4
	};
	var DatabaseError = class extends Error {
		constructor(message, length, name) {
			super(message);
			this.length = length;
			this.name = name;
		}
	};
	exports.DatabaseError = DatabaseError;
	var CopyDataMessage = class {
		constructor(length, chunk) {
			this.length = length;
			this.chunk = chunk;
			this.name = "copyData";
		}
	};
	exports.CopyDataMessage = CopyDataMessage;
	var CopyResponse = class {
		constructor(length, name, binary, columnCount) {
			this.length = length;
			this.name = name;
			this.binary = binary;
			this.columnTypes = new Array(columnCount);
		}
	};
	exports.CopyResponse = CopyResponse;
	var Field = class {
		constructor(name, tableID, columnID, dataTypeID, dataTypeSize, dataTypeModifier, format) {
			this.name = name;
			this.tableID = tableID;
			this.columnID = columnID;
			this.dataTypeID = dataTypeID;
			this.dataTypeSize = dataTypeSize;
			this.dataTypeModifier = dataTypeModifier;
			this.format = format;
		}
	};
	exports.Field = Field;
	var RowDescriptionMessage = class {
		constructor(length, fieldCount) {
			this.length = length;
			this.fieldCount = fieldCount;
			this.name = "rowDescription";
			this.fields = new Array(this.fieldCount);
		}
	};
	exports.RowDescriptionMessage = RowDescriptionMessage;
	var ParameterDescriptionMessage = class {
		constructor(length, parameterCount) {
			this.length = length;
			this.parameterCount = parameterCount;
			this.name = "parameterDescription";
			this.dataTypeIDs = new Array(this.parameterCount);
		}
	};
	exports.ParameterDescriptionMessage = ParameterDescriptionMessage;
	var ParameterStatusMessage = class {
		constructor(length, parameterName, parameterValue) {
			this.length = length;
			this.parameterName = parameterName;
			this.parameterValue = parameterValue;
			this.name = "parameterStatus";
		}
	};
	exports.ParameterStatusMessage = ParameterStatusMessage;
	var AuthenticationMD5Password = class {
		constructor(length, salt) {
			this.length = length;
			this.salt = salt;
			this.name = "authenticationMD5Password";
		}
	};
	exports.AuthenticationMD5Password = AuthenticationMD5Password;
	var BackendKeyDataMessage = class {
		constructor(length, processID, secretKey) {
			this.length = length;
			this.processID = processID;
			this.secretKey = secretKey;
			this.name = "backendKeyData";
		}
	};
	exports.BackendKeyDataMessage = BackendKeyDataMessage;
	var NotificationResponseMessage = class {
		constructor(length, processId, channel, payload) {
			this.length = length;
			this.processId = processId;
			this.channel = channel;
			this.payload = payload;
			this.name = "notification";
		}
	};
	exports.NotificationResponseMessage = NotificationResponseMessage;
	var ReadyForQueryMessage = class {
		constructor(length, status) {
			this.length = length;
			this.status = status;
			this.name = "readyForQuery";
		}
	};
	exports.ReadyForQueryMessage = ReadyForQueryMessage;
	var CommandCompleteMessage = class {
		constructor(length, text) {
			this.length = length;
			this.text = text;
			this.name = "commandComplete";
		}
	};
	exports.CommandCompleteMessage = CommandCompleteMessage;
	var DataRowMessage = class {
		constructor(length, fields) {
			this.length = length;
			this.fields = fields;
			this.name = "dataRow";
			this.fieldCount = fields.length;
		}
	};
	exports.DataRowMessage = DataRowMessage;
	var NoticeMessage = class {
		constructor(length, message) {
			this.length = length;
			this.message = message;
			this.name = "notice";
		}
	};
	exports.NoticeMessage = NoticeMessage;
}));
// ../../../node_modules/.pnpm/pg-protocol@1.16.1/node_modules/pg-protocol/dist/buffer-writer.js
var require_buffer_writer = /* @__PURE__ */ __commonJSMin(((exports) => {
	Object.defineProperty(exports, "__esModule", { value: true });
	exports.Writer = void 0;
	var Writer = class {
		constructor(size = 256) {
			this.size = size;
			this.offset = 5;
			this.headerPosition = 0;
			this.buffer = Buffer.allocUnsafe(size);
		}
		ensure(size) {
			if (this.buffer.length - this.offset < size) {
				const oldBuffer = this.buffer;
				const newSize = oldBuffer.length + (oldBuffer.length >> 1) + size;
				this.buffer = Buffer.allocUnsafe(newSize);
				oldBuffer.copy(this.buffer, 0, 0, this.offset);
			}
		}
		addInt32(num) {
			this.ensure(4);
			this.buffer[this.offset++] = num >>> 24 & 255;
			this.buffer[this.offset++] = num >>> 16 & 255;
			this.buffer[this.offset++] = num >>> 8 & 255;
			this.buffer[this.offset++] = num >>> 0 & 255;
			return this;
		}
		addInt16(num) {
			this.ensure(2);
			this.buffer[this.offset++] = num >>> 8 & 255;
			this.buffer[this.offset++] = num >>> 0 & 255;
			return this;
		}
		addCString(string) {
			if (!string) this.ensure(1);
			else {
				const len = Buffer.byteLength(string);
				this.ensure(len + 1);
				this.buffer.write(string, this.offset, "utf-8");
				this.offset += len;
			}
			this.buffer[this.offset++] = 0;
			return this;
		}
		addString(string = "") {
			const len = Buffer.byteLength(string);
			this.ensure(len);
			this.buffer.write(string, this.offset);
			this.offset += len;
			return this;
		}
		addInt32PrefixedString(string) {
			const len = Buffer.byteLength(string);
			this.ensure(4 + len);
			const buffer = this.buffer;
			let offset = this.offset;
			buffer[offset++] = len >>> 24 & 255;
			buffer[offset++] = len >>> 16 & 255;
			buffer[offset++] = len >>> 8 & 255;
			buffer[offset++] = len >>> 0 & 255;
			buffer.write(string, offset, "utf-8");
			this.offset = offset + len;
			return this;
		}
		add(otherBuffer) {
			this.ensure(otherBuffer.length);
			otherBuffer.copy(this.buffer, this.offset);
			this.offset += otherBuffer.length;
			return this;
		}
		/**
		* Appends an uninitialized block of {@link size} bytes to the buffer and returns its offset.
		*/
		reserveUnsafe(size) {
			const offset = this.offset;
			this.ensure(size);
			this.offset += size;
			return offset;
		}
		join(code) {
			if (code) {
				this.buffer[this.headerPosition] = code;
				const length = this.offset - (this.headerPosition + 1);
				this.buffer.writeInt32BE(length, this.headerPosition + 1);
			}
			return this.buffer.slice(code ? 0 : 5, this.offset);
		}
		flush(code) {
			const result = this.join(code);
			this.offset = 5;
			this.headerPosition = 0;
			this.buffer = Buffer.allocUnsafe(this.size);
			return result;
		}
		clear() {
			this.offset = 5;
			this.headerPosition = 0;
		}
	};
	exports.Writer = Writer;
}));
// ../../../node_modules/.pnpm/pg-protocol@1.16.1/node_modules/pg-protocol/dist/serializer.js
var require_serializer = /* @__PURE__ */ __commonJSMin(((exports) => {
	Object.defineProperty(exports, "__esModule", { value: true });
	exports.serialize = void 0;
	const buffer_writer_1 = require_buffer_writer();
	const writer = new buffer_writer_1.Writer();
	const startup = (opts) => {
		writer.addInt16(3).addInt16(0);
		for (const key of Object.keys(opts)) writer.addCString(key).addCString(opts[key]);
		writer.addCString("client_encoding").addCString("UTF8");
		const bodyBuffer = writer.addCString("").flush();
		const length = bodyBuffer.length + 4;
		return new buffer_writer_1.Writer().addInt32(length).add(bodyBuffer).flush();
	};
	const requestSsl = () => {
		const response = Buffer.allocUnsafe(8);
		response.writeInt32BE(8, 0);
		response.writeInt32BE(80877103, 4);
		return response;
	};
	const password = (password) => {
		return writer.addCString(password).flush(112);
	};
	const sendSASLInitialResponseMessage = function(mechanism, initialResponse) {
		writer.addCString(mechanism).addInt32PrefixedString(initialResponse);
		return writer.flush(112);
	};
	const sendSCRAMClientFinalMessage = function(additionalData) {
		return writer.addString(additionalData).flush(112);
	};
	const query = (text) => {
		return writer.addCString(text).flush(81);
	};
	const emptyArray = [];
	const parse = (query) => {
		const name = query.name || "";
		if (name.length > 63) {
			console.error("Warning! Postgres only supports 63 characters for query names.");
			console.error("You supplied %s (%s)", name, name.length);
			console.error("This can cause conflicts and silent errors executing queries");
		}
		const types = query.types || emptyArray;
		const len = types.length;
		const buffer = writer.addCString(name).addCString(query.text).addInt16(len);
		for (let i = 0; i < len; i++) buffer.addInt32(types[i]);
		return writer.flush(80);
	};
	const writeValues = function(values, valueMapper, formatsOffset) {
		const len = values.length;
		for (let i = 0; i < len; i++) {
			const mappedVal = valueMapper ? valueMapper(values[i], i) : values[i];
			let formatByte = 0;
			if (mappedVal == null) writer.addInt32(-1);
			else if (mappedVal instanceof Buffer) {
				formatByte = 1;
				writer.addInt32(mappedVal.length);
				writer.add(mappedVal);
			} else writer.addInt32PrefixedString(mappedVal);
			const buf = writer.buffer;
			buf[formatsOffset++] = 0;
			buf[formatsOffset++] = formatByte;
		}
	};
	const bind = (config = {}) => {
		const portal = config.portal || "";
		const statement = config.statement || "";
		const binary = config.binary || false;
		const values = config.values || emptyArray;
		const len = values.length;
		writer.addCString(portal).addCString(statement);
		writer.addInt16(len);
		const formatsOffset = writer.reserveUnsafe(len * 2);
		writer.addInt16(len);
		try {
			writeValues(values, config.valueMapper, formatsOffset);
		} catch (err) {
			writer.clear();
			throw err;
		}
		writer.addInt16(1);
		writer.addInt16(binary ? 1 : 0);
		return writer.flush(66);
	};
	const emptyExecute = Buffer.from([
		69,
		0,
		0,
		0,
		9,
		0,
		0,
		0,
		0,
		0
	]);
	const execute = (config) => {
		if (!config || !config.portal && !config.rows) return emptyExecute;
		const portal = config.portal || "";
		const rows = config.rows || 0;
		const portalLength = Buffer.byteLength(portal);
		const len = 4 + portalLength + 1 + 4;
		const buff = Buffer.allocUnsafe(1 + len);
		buff[0] = 69;
		buff.writeInt32BE(len, 1);
		buff.write(portal, 5, "utf-8");
		buff[portalLength + 5] = 0;
		buff.writeUInt32BE(rows, buff.length - 4);
		return buff;
	};
	const cancel = (processID, secretKey) => {
		const buffer = Buffer.allocUnsafe(16);
		buffer.writeInt32BE(16, 0);
		buffer.writeInt16BE(1234, 4);
		buffer.writeInt16BE(5678, 6);
		buffer.writeInt32BE(processID, 8);
		buffer.writeInt32BE(secretKey, 12);
		return buffer;
	};
	const cstringMessage = (code, string) => {
		const len = 4 + Buffer.byteLength(string) + 1;
		const buffer = Buffer.allocUnsafe(1 + len);
		buffer[0] = code;
		buffer.writeInt32BE(len, 1);
		buffer.write(string, 5, "utf-8");
		buffer[len] = 0;
		return buffer;
	};
	const emptyDescribePortal = writer.addCString("P").flush(68);
	const emptyDescribeStatement = writer.addCString("S").flush(68);
	const describe = (msg) => {
		return msg.name ? cstringMessage(68, `${msg.type}${msg.name || ""}`) : msg.type === "P" ? emptyDescribePortal : emptyDescribeStatement;
	};
	const close = (msg) => {
		const text = `${msg.type}${msg.name || ""}`;
		return cstringMessage(67, text);
	};
	const copyData = (chunk) => {
		return writer.add(chunk).flush(100);
	};
	const copyFail = (message) => {
		return cstringMessage(102, message);
	};
	const codeOnlyBuffer = (code) => Buffer.from([
		code,
		0,
		0,
		0,
		4
	]);
	const flushBuffer = codeOnlyBuffer(72);
	const syncBuffer = codeOnlyBuffer(83);
	const endBuffer = codeOnlyBuffer(88);
	const copyDoneBuffer = codeOnlyBuffer(99);
	exports.serialize = {
		startup,
		password,
		requestSsl,
		sendSASLInitialResponseMessage,
		sendSCRAMClientFinalMessage,
		query,
		parse,
		bind,
		execute,
		describe,
		close,
		flush: () => flushBuffer,
		sync: () => syncBuffer,
		end: () => endBuffer,
		copyData,
		copyDone: () => copyDoneBuffer,
		copyFail,
		cancel
	};
}));
// ../../../node_modules/.pnpm/pg-protocol@1.16.1/node_modules/pg-protocol/dist/buffer-reader.js
var require_buffer_reader = /* @__PURE__ */ __commonJSMin(((exports) => {
	Object.defineProperty(exports, "__esModule", { value: true });
	exports.BufferReader = void 0;
	var BufferReader = class {
		constructor(offset = 0) {
			this.offset = offset;
			this.buffer = Buffer.allocUnsafe(0);
			this.encoding = "utf-8";
		}
		setBuffer(offset, buffer) {
			this.offset = offset;
			this.buffer = buffer;
		}
		int16() {
			const result = this.buffer.readInt16BE(this.offset);
			this.offset += 2;
			return result;
		}
		byte() {
			const result = this.buffer[this.offset];
			this.offset++;
			return result;
		}
		int32() {
			const result = this.buffer.readInt32BE(this.offset);
			this.offset += 4;
			return result;
		}
		uint32() {
			const result = this.buffer.readUInt32BE(this.offset);
			this.offset += 4;
			return result;
		}
		string(length) {
			const result = this.buffer.toString(this.encoding, this.offset, this.offset + length);
			this.offset += length;
			return result;
		}
		cstring() {
			const start = this.offset;
			let end = start;
			while (this.buffer[end++]);
			this.offset = end;
			return this.buffer.toString(this.encoding, start, end - 1);
		}
		bytes(length) {
			const result = this.buffer.slice(this.offset, this.offset + length);
			this.offset += length;
			return result;
		}
	};
	exports.BufferReader = BufferReader;
}));
// ../../../node_modules/.pnpm/pg-protocol@1.16.1/node_modules/pg-protocol/dist/parser.js
var require_parser = /* @__PURE__ */ __commonJSMin(((exports) => {
	Object.defineProperty(exports, "__esModule", { value: true });
	exports.Parser = void 0;
	const messages_1 = require_messages();
	const buffer_reader_1 = require_buffer_reader();
	const CODE_LENGTH = 1;
	const HEADER_LENGTH = 5;
	const LATEINIT_LENGTH = -1;
	const emptyBuffer = Buffer.allocUnsafe(0);
	var Parser = class {
		constructor(opts) {
			this.buffer = emptyBuffer;
			this.bufferLength = 0;
			this.bufferOffset = 0;
			this.reader = new buffer_reader_1.BufferReader();
			if ((opts === null || opts === void 0 ? void 0 : opts.mode) === "binary") throw new Error("Binary mode not supported yet");
			this.mode = (opts === null || opts === void 0 ? void 0 : opts.mode) || "text";
		}
		parse(buffer, callback) {
			this.mergeBuffer(buffer);
			const bufferFullLength = this.bufferOffset + this.bufferLength;
			let offset = this.bufferOffset;
			while (offset + HEADER_LENGTH <= bufferFullLength) {
				const code = this.buffer[offset];
				const length = this.buffer.readUInt32BE(offset + CODE_LENGTH);
				const fullMessageLength = CODE_LENGTH + length;
				if (fullMessageLength + offset <= bufferFullLength) {
					callback(this.handlePacket(offset + HEADER_LENGTH, code, length, this.buffer));
					offset += fullMessageLength;
				} else break;
			}
			if (offset === bufferFullLength) {
				this.buffer = emptyBuffer;
				this.bufferLength = 0;
				this.bufferOffset = 0;
			} else {
				this.bufferLength = bufferFullLength - offset;
				this.bufferOffset = offset;
			}
		}
		mergeBuffer(buffer) {
			if (this.bufferLength > 0) {
				const newLength = this.bufferLength + buffer.byteLength;
				if (newLength + this.bufferOffset > this.buffer.byteLength) {
					let newBuffer;
					if (newLength <= this.buffer.byteLength && this.bufferOffset >= this.bufferLength) newBuffer = this.buffer;
					else {
						let newBufferLength = this.buffer.byteLength * 2;
						while (newLength >= newBufferLength) newBufferLength *= 2;
						newBuffer = Buffer.allocUnsafe(newBufferLength);
					}
					this.buffer.copy(newBuffer, 0, this.bufferOffset, this.bufferOffset + this.bufferLength);
					this.buffer = newBuffer;
					this.bufferOffset = 0;
				}
				buffer.copy(this.buffer, this.bufferOffset + this.bufferLength);
				this.bufferLength = newLength;
			} else {
				this.buffer = buffer;
				this.bufferOffset = 0;
				this.bufferLength = buffer.byteLength;
			}
		}
		handlePacket(offset, code, length, bytes) {
			const { reader } = this;
			reader.setBuffer(offset, bytes);
			let message;
			switch (code) {
				case 50:
					message = messages_1.bindComplete;
					break;
				case 49:
					message = messages_1.parseComplete;
					break;
				case 51:
					message = messages_1.closeComplete;
					break;
				case 110:
					message = messages_1.noData;
					break;
				case 115:
					message = messages_1.portalSuspended;
					break;
				case 99:
					message = messages_1.copyDone;
					break;
				case 87:
					message = messages_1.replicationStart;
					break;
				case 73:
					message = messages_1.emptyQuery;
					break;
				case 68:
					message = parseDataRowMessage(reader);
					break;
				case 67:
					message = parseCommandCompleteMessage(reader);
					break;
				case 90:
					message = parseReadyForQueryMessage(reader);
					break;
				case 65:
					message = parseNotificationMessage(reader);
					break;
				case 82:
					message = parseAuthenticationResponse(reader, length);
					break;
				case 83:
					message = parseParameterStatusMessage(reader);
					break;
				case 75:
					message = parseBackendKeyData(reader);
					break;
				case 69:
					message = parseErrorMessage(reader, "error");
					break;
				case 78:
					message = parseErrorMessage(reader, "notice");
					break;
				case 84:
					message = parseRowDescriptionMessage(reader);
					break;
				case 116:
					message = parseParameterDescriptionMessage(reader);
					break;
				case 71:
					message = parseCopyInMessage(reader);
					break;
				case 72:
					message = parseCopyOutMessage(reader);
					break;
				case 100:
					message = parseCopyData(reader, length);
					break;
				default: return new messages_1.DatabaseError("received invalid response: " + code.toString(16), length, "error");
			}
			reader.setBuffer(0, emptyBuffer);
			message.length = length;
			return message;
		}
	};
	exports.Parser = Parser;
	const parseReadyForQueryMessage = (reader) => {
		const status = reader.string(1);
		return new messages_1.ReadyForQueryMessage(LATEINIT_LENGTH, status);
	};
	const parseCommandCompleteMessage = (reader) => {
		const text = reader.cstring();
		return new messages_1.CommandCompleteMessage(LATEINIT_LENGTH, text);
	};
	const parseCopyData = (reader, length) => {
		const chunk = reader.bytes(length - 4);
		return new messages_1.CopyDataMessage(LATEINIT_LENGTH, chunk);
	};
	const parseCopyInMessage = (reader) => parseCopyMessage(reader, "copyInResponse");
	const parseCopyOutMessage = (reader) => parseCopyMessage(reader, "copyOutResponse");
	const parseCopyMessage = (reader, messageName) => {
		const isBinary = reader.byte() !== 0;
		const columnCount = reader.int16();
		const message = new messages_1.CopyResponse(LATEINIT_LENGTH, messageName, isBinary, columnCount);
		for (let i = 0; i < columnCount; i++) message.columnTypes[i] = reader.int16();
		return message;
	};
	const parseNotificationMessage = (reader) => {
		const processId = reader.int32();
		const channel = reader.cstring();
		const payload = reader.cstring();
		return new messages_1.NotificationResponseMessage(LATEINIT_LENGTH, processId, channel, payload);
	};
	const parseRowDescriptionMessage = (reader) => {
		const fieldCount = reader.int16();
		const message = new messages_1.RowDescriptionMessage(LATEINIT_LENGTH, fieldCount);
		for (let i = 0; i < fieldCount; i++) message.fields[i] = parseField(reader);
		return message;
	};
	const parseField = (reader) => {
		const name = reader.cstring();
		const tableID = reader.uint32();
		const columnID = reader.int16();
		const dataTypeID = reader.uint32();
		const dataTypeSize = reader.int16();
		const dataTypeModifier = reader.int32();
		const mode = reader.int16() === 0 ? "text" : "binary";
		return new messages_1.Field(name, tableID, columnID, dataTypeID, dataTypeSize, dataTypeModifier, mode);
	};
	const parseParameterDescriptionMessage = (reader) => {
		const parameterCount = reader.int16();
		const message = new messages_1.ParameterDescriptionMessage(LATEINIT_LENGTH, parameterCount);
		for (let i = 0; i < parameterCount; i++) message.dataTypeIDs[i] = reader.uint32();
		return message;
	};
	const parseDataRowMessage = (reader) => {
		const fieldCount = reader.int16();
		const fields = new Array(fieldCount);
		for (let i = 0; i < fieldCount; i++) {
			const len = reader.int32();
			fields[i] = len === -1 ? null : reader.string(len);
		}
		return new messages_1.DataRowMessage(LATEINIT_LENGTH, fields);
	};
	const parseParameterStatusMessage = (reader) => {
		const name = reader.cstring();
		const value = reader.cstring();
		return new messages_1.ParameterStatusMessage(LATEINIT_LENGTH, name, value);
	};
	const parseBackendKeyData = (reader) => {
		const processID = reader.int32();
		const secretKey = reader.int32();
		return new messages_1.BackendKeyDataMessage(LATEINIT_LENGTH, processID, secretKey);
	};
	const parseAuthenticationResponse = (reader, length) => {
		const code = reader.int32();
		const message = {
			name: "authenticationOk",
			length
		};
		switch (code) {
			case 0: break;
			case 3:
				if (message.length === 8) message.name = "authenticationCleartextPassword";
				break;
			case 5:
				if (message.length === 12) {
					message.name = "authenticationMD5Password";
					const salt = reader.bytes(4);
					return new messages_1.AuthenticationMD5Password(LATEINIT_LENGTH, salt);
				}
				break;
			case 10:
				{
					message.name = "authenticationSASL";
					message.mechanisms = [];
					let mechanism;
					do {
						mechanism = reader.cstring();
						if (mechanism) message.mechanisms.push(mechanism);
					} while (mechanism);
				}
				break;
			case 11:
				message.name = "authenticationSASLContinue";
				message.data = reader.string(length - 8);
				break;
			case 12:
				message.name = "authenticationSASLFinal";
				message.data = reader.string(length - 8);
				break;
			default: throw new Error("Unknown authenticationOk message type " + code);
		}
		return message;
	};
	const parseErrorMessage = (reader, name) => {
		const fields = {};
		let fieldType = reader.string(1);
		while (fieldType !== "\0") {
			fields[fieldType] = reader.cstring();
			fieldType = reader.string(1);
		}
		const messageValue = fields.M;
		const message = name === "notice" ? new messages_1.NoticeMessage(LATEINIT_LENGTH, messageValue) : new messages_1.DatabaseError(messageValue, LATEINIT_LENGTH, name);
		message.severity = fields.S;
		message.code = fields.C;
		message.detail = fields.D;
		message.hint = fields.H;
		message.position = fields.P;
		message.internalPosition = fields.p;
		message.internalQuery = fields.q;
		message.where = fields.W;
		message.schema = fields.s;
		message.table = fields.t;
		message.column = fields.c;
		message.dataType = fields.d;
		message.constraint = fields.n;
		message.file = fields.F;
		message.line = fields.L;
		message.routine = fields.R;
		return message;
	};
}));
// ../../../node_modules/.pnpm/pg-protocol@1.16.1/node_modules/pg-protocol/dist/index.js
var require_dist = /* @__PURE__ */ __commonJSMin(((exports) => {
	Object.defineProperty(exports, "__esModule", { value: true });
	exports.DatabaseError = exports.serialize = void 0;
	exports.parse = parse;
	const messages_1 = require_messages();
	Object.defineProperty(exports, "DatabaseError", {
		enumerable: true,
		get: function() {
			return messages_1.DatabaseError;
		}
	});
	const serializer_1 = require_serializer();
	Object.defineProperty(exports, "serialize", {
		enumerable: true,
		get: function() {
			return serializer_1.serialize;
		}
	});
	const parser_1 = require_parser();
	function parse(stream, callback) {
		const parser = new parser_1.Parser();
		stream.on("data", (buffer) => parser.parse(buffer, callback));
		return new Promise((resolve) => stream.on("end", () => resolve()));
	}
}));
// ../../../node_modules/.pnpm/pg-protocol@1.16.1/node_modules/pg-protocol/esm/index.js
var esm_exports$2 = /* @__PURE__ */ __exportAll({
	DatabaseError: () => DatabaseError$1,
	SASL: () => SASL,
	default: () => esm_default$2,
	parse: () => parse,
	serialize: () => serialize
});
var import_dist, DatabaseError$1, SASL, serialize, parse, esm_default$2;
var init_esm$2 = __esmMin(() => {
	import_dist = /* @__PURE__ */ __toESM(require_dist());
	DatabaseError$1 = import_dist.DatabaseError;
	SASL = import_dist.SASL;
	serialize = import_dist.serialize;
	parse = import_dist.parse;
	esm_default$2 = import_dist;
});
// ../../../node_modules/.pnpm/pg-cloudflare@1.4.1/node_modules/pg-cloudflare/dist/empty.js
var require_empty = /* @__PURE__ */ __commonJSMin(((exports) => {
	Object.defineProperty(exports, "__esModule", { value: true });
	exports.default = {};
}));
// ../../../node_modules/.pnpm/pg@8.23.1/node_modules/pg/lib/stream.js
var require_stream = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	const { getStream, getSecureStream } = getStreamFuncs();
	module.exports = {
		/**
		* Get a socket stream compatible with the current runtime environment.
		* @returns {Duplex}
		*/
		getStream,
		/**
		* Get a TLS secured socket, compatible with the current environment,
		* using the socket and other settings given in `options`.
		* @returns {Duplex}
		*/
		getSecureStream
	};
	/**
	* The stream functions that work in Node.js
	*/
	function getNodejsStreamFuncs() {
		function getStream(ssl) {
			return new (__require("net")).Socket();
		}
		function getSecureStream(options) {
			return __require("tls").connect(options);
		}
		return {
			getStream,
			getSecureStream
		};
	}
	/**
	* The stream functions that work in Cloudflare Workers
	*/
	function getCloudflareStreamFuncs() {
		function getStream(ssl) {
			const { CloudflareSocket } = require_empty();
			return new CloudflareSocket(ssl);
		}
		function getSecureStream(options) {
			options.socket.startTls(options);
			return options.socket;
		}
		return {
			getStream,
			getSecureStream
		};
	}
	/**
	* Are we running in a Cloudflare Worker?
	*
	* @returns true if the code is currently running inside a Cloudflare Worker.
	*/
	function isCloudflareRuntime() {
		if (typeof navigator === "object" && navigator !== null && typeof navigator.userAgent === "string") return navigator.userAgent === "Cloudflare-Workers";
		if (typeof Response === "function") {
			const resp = new Response(null, { cf: { thing: true } });
			if (typeof resp.cf === "object" && resp.cf !== null && resp.cf.thing) return true;
		}
		return false;
	}
	function getStreamFuncs() {
		if (isCloudflareRuntime()) return getCloudflareStreamFuncs();
		return getNodejsStreamFuncs();
	}
}));
// ../../../node_modules/.pnpm/pg@8.23.1/node_modules/pg/lib/connection.js
var require_connection = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	const EventEmitter = __require("events").EventEmitter;
	const { parse, serialize } = (init_esm$2(), __toCommonJS(esm_exports$2));
	const stream = require_stream();
	const { getStream } = stream;
	const flushBuffer = serialize.flush();
	const syncBuffer = serialize.sync();
	const endBuffer = serialize.end();
	var Connection = class extends EventEmitter {
		constructor(config) {
			super();
			config = config || {};
			this.stream = config.stream || getStream(config.ssl);
			if (typeof this.stream === "function") this.stream = this.stream(config);
			this._keepAlive = config.keepAlive;
			this._keepAliveInitialDelayMillis = config.keepAliveInitialDelayMillis;
			this.parsedStatements = {};
			this.submittedNamedStatements = {};
			this.ssl = config.ssl || false;
			this.sslNegotiation = config.sslNegotiation || "postgres";
			this._ending = false;
			this._emitMessage = false;
			const self = this;
			this.on("newListener", function(eventName) {
				if (eventName === "message") self._emitMessage = true;
			});
		}
		connect(port, host) {
			const self = this;
			this._connecting = true;
			this.stream.setNoDelay(true);
			this.stream.connect(port, host);
			this.stream.once("connect", function() {
				if (self._keepAlive) self.stream.setKeepAlive(true, self._keepAliveInitialDelayMillis);
				self.emit("connect");
			});
			const reportStreamError = function(error) {
				if (self._ending && (error.code === "ECONNRESET" || error.code === "EPIPE")) return;
				self.emit("error", error);
			};
			this.stream.on("error", reportStreamError);
			this.stream.on("close", function() {
				self.emit("end");
			});
			if (!this.ssl) return this.attachListeners(this.stream);
			if (this.sslNegotiation === "direct") return this.stream.once("connect", function() {
				self.upgradeToSSL(host, reportStreamError);
			});
			this.stream.once("data", function(buffer) {
				switch (buffer.toString("utf8")) {
					case "S": break;
					case "N":
						self.stream.end();
						return self.emit("error", /* @__PURE__ */ new Error("The server does not support SSL connections"));
					default:
						self.stream.end();
						return self.emit("error", /* @__PURE__ */ new Error("There was an error establishing an SSL connection"));
				}
				self.upgradeToSSL(host, reportStreamError);
			});
		}
		upgradeToSSL(host, reportStreamError) {
			const self = this;
			const options = {
				socket: self.stream,
				host
			};
			if (self.ssl !== true) {
				Object.assign(options, self.ssl);
				if ("key" in self.ssl) options.key = self.ssl.key;
			}
			if (self.sslNegotiation === "direct") options.ALPNProtocols = ["postgresql"];
			const net = __require("net");
			if (net.isIP && net.isIP(host) === 0) options.servername = host;
			try {
				self.stream = stream.getSecureStream(options);
			} catch (err) {
				return self.emit("error", err);
			}
			self.attachListeners(self.stream);
			self.stream.on("error", reportStreamError);
			self.emit("sslconnect");
		}
		attachListeners(stream) {
			parse(stream, (msg) => {
				const eventName = msg.name === "error" ? "errorMessage" : msg.name;
				if (this._emitMessage) this.emit("message", msg);
				this.emit(eventName, msg);
			});
		}
		requestSsl() {
			this.stream.write(serialize.requestSsl());
		}
		startup(config) {
			this.stream.write(serialize.startup(config));
		}
		cancel(processID, secretKey) {
			this._send(serialize.cancel(processID, secretKey));
		}
		password(password) {
			this._send(serialize.password(password));
		}
		sendSASLInitialResponseMessage(mechanism, initialResponse) {
			this._send(serialize.sendSASLInitialResponseMessage(mechanism, initialResponse));
		}
		sendSCRAMClientFinalMessage(additionalData) {
			this._send(serialize.sendSCRAMClientFinalMessage(additionalData));
		}
		_send(buffer) {
			if (!this.stream.writable) return false;
			return this.stream.write(buffer);
		}
		query(text) {
			this._send(serialize.query(text));
		}
		parse(query) {
			this._send(serialize.parse(query));
		}
		bind(config) {
			this._send(serialize.bind(config));
		}
		execute(config) {
			this._send(serialize.execute(config));
		}
		flush() {
			if (this.stream.writable) this.stream.write(flushBuffer);
		}
		sync() {
			this._send(syncBuffer);
		}
		ref() {
			this.stream.ref();
		}
		unref() {
			this.stream.unref();
		}
		end() {
			this._ending = true;
			if (!this._connecting || !this.stream.writable) {
				this.stream.end();
				return;
			}
			return this.stream.write(endBuffer, () => {
				this.stream.end();
			});
		}
		close(msg) {
			this._send(serialize.close(msg));
		}
		describe(msg) {
			this._send(serialize.describe(msg));
		}
		sendCopyFromChunk(chunk) {
			this._send(serialize.copyData(chunk));
		}
		endCopyFrom() {
			this._send(serialize.copyDone());
		}
		sendCopyFail(msg) {
			this._send(serialize.copyFail(msg));
		}
	};
	module.exports = Connection;
}));
// ../../../node_modules/.pnpm/split2@4.2.0/node_modules/split2/index.js
var require_split2 = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	const { Transform } = __require("stream");
	const { StringDecoder } = __require("string_decoder");
	const kLast = Symbol("last");
	const kDecoder = Symbol("decoder");
	function transform(chunk, enc, cb) {
		let list;
		if (this.overflow) {
			list = this[kDecoder].write(chunk).split(this.matcher);
			if (list.length === 1) return cb();
			list.shift();
			this.overflow = false;
		} else {
			this[kLast] += this[kDecoder].write(chunk);
			list = this[kLast].split(this.matcher);
		}
		this[kLast] = list.pop();
		for (let i = 0; i < list.length; i++) try {
			push(this, this.mapper(list[i]));
		} catch (error) {
			return cb(error);
		}
		this.overflow = this[kLast].length > this.maxLength;
		if (this.overflow && !this.skipOverflow) {
			cb(/* @__PURE__ */ new Error("maximum buffer reached"));
			return;
		}
		cb();
	}
	function flush(cb) {
		this[kLast] += this[kDecoder].end();
		if (this[kLast]) try {
			push(this, this.mapper(this[kLast]));
		} catch (error) {
			return cb(error);
		}
		cb();
	}
	function push(self, val) {
		if (val !== void 0) self.push(val);
	}
	function noop(incoming) {
		return incoming;
	}
	function split(matcher, mapper, options) {
		matcher = matcher || /\r?\n/;
		mapper = mapper || noop;
		options = options || {};
		switch (arguments.length) {
			case 1:
				if (typeof matcher === "function") {
					mapper = matcher;
					matcher = /\r?\n/;
				} else if (typeof matcher === "object" && !(matcher instanceof RegExp) && !matcher[Symbol.split]) {
					options = matcher;
					matcher = /\r?\n/;
				}
				break;
			case 2: if (typeof matcher === "function") {
				options = mapper;
				mapper = matcher;
				matcher = /\r?\n/;
			} else if (typeof mapper === "object") {
				options = mapper;
				mapper = noop;
			}
		}
		options = Object.assign({}, options);
		options.autoDestroy = true;
		options.transform = transform;
		options.flush = flush;
		options.readableObjectMode = true;
		const stream = new Transform(options);
		stream[kLast] = "";
		stream[kDecoder] = new StringDecoder("utf8");
		stream.matcher = matcher;
		stream.mapper = mapper;
		stream.maxLength = options.maxLength;
		stream.skipOverflow = options.skipOverflow || false;
		stream.overflow = false;
		stream._destroy = function(err, cb) {
			this._writableState.errorEmitted = false;
			cb(err);
		};
		return stream;
	}
	module.exports = split;
}));
// ../../../node_modules/.pnpm/pgpass@1.0.5/node_modules/pgpass/lib/helper.js
var require_helper = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	var path = __require("path");
	var Stream = __require("stream").Stream;
	var split = require_split2();
	var util = __require("util");
	var defaultPort = 5432;
	var isWin = process.platform === "win32";
	var warnStream = process.stderr;
	var S_IRWXG = 56;
	var S_IRWXO = 7;
	var S_IFMT = 61440;
	var S_IFREG = 32768;
	function isRegFile(mode) {
		return (mode & S_IFMT) == S_IFREG;
	}
	var fieldNames = [
		"host",
		"port",
		"database",
		"user",
		"password"
	];
	var nrOfFields = fieldNames.length;
	var passKey = fieldNames[nrOfFields - 1];
	function warn() {
		if (warnStream instanceof Stream && true === warnStream.writable) {
			var args = Array.prototype.slice.call(arguments).concat("\n");
			warnStream.write(util.format.apply(util, args));
		}
	}
	Object.defineProperty(module.exports, "isWin", {
		get: function() {
			return isWin;
		},
		set: function(val) {
			isWin = val;
		}
	});
	module.exports.warnTo = function(stream) {
		var old = warnStream;
		warnStream = stream;
		return old;
	};
	module.exports.getFileName = function(rawEnv) {
		var env = rawEnv || process.env;
		return env.PGPASSFILE || (isWin ? path.join(env.APPDATA || "./", "postgresql", "pgpass.conf") : path.join(env.HOME || "./", ".pgpass"));
	};
	module.exports.usePgPass = function(stats, fname) {
		if (Object.prototype.hasOwnProperty.call(process.env, "PGPASSWORD")) return false;
		if (isWin) return true;
		fname = fname || "<unkn>";
		if (!isRegFile(stats.mode)) {
			warn("WARNING: password file \"%s\" is not a plain file", fname);
			return false;
		}
		if (stats.mode & (S_IRWXG | S_IRWXO)) {
			warn("WARNING: password file \"%s\" has group or world access; permissions should be u=rw (0600) or less", fname);
			return false;
		}
		return true;
	};
	var matcher = module.exports.match = function(connInfo, entry) {
		return fieldNames.slice(0, -1).reduce(function(prev, field, idx) {
			if (idx == 1) {
				if (Number(connInfo[field] || defaultPort) === Number(entry[field])) return prev && true;
			}
			return prev && (entry[field] === "*" || entry[field] === connInfo[field]);
		}, true);
	};
	module.exports.getPassword = function(connInfo, stream, cb) {
		var pass;
		var lineStream = stream.pipe(split());
		function onLine(line) {
			var entry = parseLine(line);
			if (entry && isValidEntry(entry) && matcher(connInfo, entry)) {
				pass = entry[passKey];
				lineStream.end();
			}
		}
		var onEnd = function() {
			stream.destroy();
			cb(pass);
		};
		var onErr = function(err) {
			stream.destroy();
			warn("WARNING: error on reading file: %s", err);
			cb(void 0);
		};
		stream.on("error", onErr);
		lineStream.on("data", onLine).on("end", onEnd).on("error", onErr);
	};
	var parseLine = module.exports.parseLine = function(line) {
		if (line.length < 11 || line.match(/^\s+#/)) return null;
		var curChar = "";
		var prevChar = "";
		var fieldIdx = 0;
		var startIdx = 0;
		var obj = {};
		var isLastField = false;
		var addToObj = function(idx, i0, i1) {
			var field = line.substring(i0, i1);
			if (!Object.hasOwnProperty.call(process.env, "PGPASS_NO_DEESCAPE")) field = field.replace(/\\([:\\])/g, "$1");
			obj[fieldNames[idx]] = field;
		};
		for (var i = 0; i < line.length - 1; i += 1) {
			curChar = line.charAt(i + 1);
			prevChar = line.charAt(i);
			isLastField = fieldIdx == nrOfFields - 1;
			if (isLastField) {
				addToObj(fieldIdx, startIdx);
				break;
			}
			if (i >= 0 && curChar == ":" && prevChar !== "\\") {
				addToObj(fieldIdx, startIdx, i + 1);
				startIdx = i + 2;
				fieldIdx += 1;
			}
		}
		obj = Object.keys(obj).length === nrOfFields ? obj : null;
		return obj;
	};
	var isValidEntry = module.exports.isValidEntry = function(entry) {
		var rules = {
			0: function(x) {
				return x.length > 0;
			},
			1: function(x) {
				if (x === "*") return true;
				x = Number(x);
				return isFinite(x) && x > 0 && x < 9007199254740992 && Math.floor(x) === x;
			},
			2: function(x) {
				return x.length > 0;
			},
			3: function(x) {
				return x.length > 0;
			},
			4: function(x) {
				return x.length > 0;
			}
		};
		for (var idx = 0; idx < fieldNames.length; idx += 1) {
			var rule = rules[idx];
			if (!rule(entry[fieldNames[idx]] || "")) return false;
		}
		return true;
	};
}));
// ../../../node_modules/.pnpm/pgpass@1.0.5/node_modules/pgpass/lib/index.js
var require_lib$1 = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	__require("path");
	var fs = __require("fs");
	var helper = require_helper();
	module.exports = function(connInfo, cb) {
		var file = helper.getFileName();
		fs.stat(file, function(err, stat) {
			if (err || !helper.usePgPass(stat, file)) return cb(void 0);
			var st = fs.createReadStream(file);
			helper.getPassword(connInfo, st, cb);
		});
	};
	module.exports.warnTo = helper.warnTo;
}));
// ../../../node_modules/.pnpm/pg@8.23.1/node_modules/pg/lib/client.js
var require_client$1 = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	const EventEmitter = __require("events").EventEmitter;
	const utils = require_utils$1();
	const nodeUtils = __require("util");
	const sasl = require_sasl();
	const TypeOverrides = require_type_overrides();
	const ConnectionParameters = require_connection_parameters();
	const Query = require_query$1();
	const defaults = require_defaults();
	const Connection = require_connection();
	const crypto = require_utils();
	const activeQueryDeprecationNotice = nodeUtils.deprecate(() => {}, "Client.activeQuery is deprecated and will be removed in pg@9.0");
	const queryQueueDeprecationNotice = nodeUtils.deprecate(() => {}, "Client.queryQueue is deprecated and will be removed in pg@9.0.");
	const pgPassDeprecationNotice = nodeUtils.deprecate(() => {}, "pgpass support is deprecated and will be removed in pg@9.0. You can provide an async function as the password property to the Client/Pool constructor that returns a password instead. Within this function you can call the pgpass module in your own code.");
	const byoPromiseDeprecationNotice = nodeUtils.deprecate(() => {}, "Passing a custom Promise implementation to the Client/Pool constructor is deprecated and will be removed in pg@9.0.");
	const queryQueueLengthDeprecationNotice = nodeUtils.deprecate(() => {}, "Calling client.query() when the client is already executing a query is deprecated and will be removed in pg@9.0. Use async/await or an external async flow control mechanism instead.");
	function coerceNumberOrDefault(value, defaultValue) {
		if (typeof value === "number") return Number.isFinite(value) ? value : defaultValue;
		if (typeof value === "string" && value.trim() !== "") {
			const n = Number(value);
			return Number.isFinite(n) ? n : defaultValue;
		}
		return defaultValue;
	}
	var Client = class extends EventEmitter {
		constructor(config) {
			super();
			this.connectionParameters = new ConnectionParameters(config);
			this.user = this.connectionParameters.user;
			this.database = this.connectionParameters.database;
			this.port = this.connectionParameters.port;
			this.host = this.connectionParameters.host;
			Object.defineProperty(this, "password", {
				configurable: true,
				enumerable: false,
				writable: true,
				value: this.connectionParameters.password
			});
			this.replication = this.connectionParameters.replication;
			const c = config || {};
			if (c.Promise) byoPromiseDeprecationNotice();
			this._Promise = c.Promise || global.Promise;
			this._types = new TypeOverrides(c.types);
			this._ending = false;
			this._ended = false;
			this._connecting = false;
			this._connected = false;
			this._connectionError = false;
			this._queryable = true;
			this._activeQuery = null;
			this._txStatus = null;
			this.enableChannelBinding = Boolean(c.enableChannelBinding);
			this.scramMaxIterations = coerceNumberOrDefault(c.scramMaxIterations, sasl.DEFAULT_MAX_SCRAM_ITERATIONS);
			this.connection = c.connection || new Connection({
				stream: c.stream,
				ssl: this.connectionParameters.ssl,
				sslNegotiation: this.connectionParameters.sslnegotiation,
				keepAlive: c.keepAlive || false,
				keepAliveInitialDelayMillis: c.keepAliveInitialDelayMillis || 0,
				encoding: this.connectionParameters.client_encoding || "utf8"
			});
			this._queryQueue = [];
			this._sentQueryQueue = [];
			this.pipeline = Boolean(c.pipeline);
			this.binary = c.binary || defaults.binary;
			this.processID = null;
			this.secretKey = null;
			this.ssl = this.connectionParameters.ssl || false;
			this.sslNegotiation = this.connectionParameters.sslnegotiation || "postgres";
			if (this.ssl && this.ssl.key) Object.defineProperty(this.ssl, "key", { enumerable: false });
			this._connectionTimeoutMillis = c.connectionTimeoutMillis || 0;
		}
		get activeQuery() {
			activeQueryDeprecationNotice();
			return this._activeQuery;
		}
		set activeQuery(val) {
			activeQueryDeprecationNotice();
			this._activeQuery = val;
		}
		_getActiveQuery() {
			return this._activeQuery;
		}
		_errorAllQueries(err) {
			const enqueueError = (query) => {
				process.nextTick(() => {
					query.handleError(err, this.connection);
				});
			};
			const activeQuery = this._getActiveQuery();
			if (activeQuery) {
				enqueueError(activeQuery);
				this._activeQuery = null;
			}
			this._sentQueryQueue.forEach(enqueueError);
			this._sentQueryQueue.length = 0;
			this._queryQueue.forEach(enqueueError);
			this._queryQueue.length = 0;
		}
		_connect(callback) {
			const self = this;
			const con = this.connection;
			this._connectionCallback = callback;
			if (this._connecting || this._connected) {
				const err = /* @__PURE__ */ new Error("Client has already been connected. You cannot reuse a client.");
				process.nextTick(() => {
					callback(err);
				});
				return;
			}
			this._connecting = true;
			if (this._connectionTimeoutMillis > 0) {
				this.connectionTimeoutHandle = setTimeout(() => {
					con._ending = true;
					con.stream.destroy(/* @__PURE__ */ new Error("timeout expired"));
				}, this._connectionTimeoutMillis);
				if (this.connectionTimeoutHandle.unref) this.connectionTimeoutHandle.unref();
			}
			if (this.host && this.host.indexOf("/") === 0) con.connect(this.host + "/.s.PGSQL." + this.port);
			else con.connect(this.port, this.host);
			con.on("connect", function() {
				if (self.ssl) {
					if (self.sslNegotiation !== "direct") con.requestSsl();
				} else con.startup(self.getStartupConf());
			});
			con.on("sslconnect", function() {
				con.startup(self.getStartupConf());
			});
			this._attachListeners(con);
			con.once("end", () => {
				const error = this._ending ? /* @__PURE__ */ new Error("Connection terminated") : /* @__PURE__ */ new Error("Connection terminated unexpectedly");
				clearTimeout(this.connectionTimeoutHandle);
				this._errorAllQueries(error);
				this._ended = true;
				if (!this._ending) {
					if (this._connecting && !this._connectionError) {
						if (this._connectionCallback) this._connectionCallback(error);
						else this._handleErrorEvent(error);
					} else if (!this._connectionError) this._handleErrorEvent(error);
				}
				process.nextTick(() => {
					this.emit("end");
				});
			});
		}
		connect(callback) {
			if (callback) {
				this._connect(callback);
				return;
			}
			return new this._Promise((resolve, reject) => {
				this._connect((error) => {
					if (error) reject(error);
					else resolve(this);
				});
			});
		}
		_attachListeners(con) {
			con.on("authenticationCleartextPassword", this._handleAuthCleartextPassword.bind(this));
			con.on("authenticationMD5Password", this._handleAuthMD5Password.bind(this));
			con.on("authenticationSASL", this._handleAuthSASL.bind(this));
			con.on("authenticationSASLContinue", this._handleAuthSASLContinue.bind(this));
			con.on("authenticationSASLFinal", this._handleAuthSASLFinal.bind(this));
			con.on("backendKeyData", this._handleBackendKeyData.bind(this));
			con.on("error", this._handleErrorEvent.bind(this));
			con.on("errorMessage", this._handleErrorMessage.bind(this));
			con.on("readyForQuery", this._handleReadyForQuery.bind(this));
			con.on("notice", this._handleNotice.bind(this));
			con.on("rowDescription", this._handleRowDescription.bind(this));
			con.on("dataRow", this._handleDataRow.bind(this));
			con.on("portalSuspended", this._handlePortalSuspended.bind(this));
			con.on("emptyQuery", this._handleEmptyQuery.bind(this));
			con.on("commandComplete", this._handleCommandComplete.bind(this));
			con.on("parseComplete", this._handleParseComplete.bind(this));
			con.on("copyInResponse", this._handleCopyInResponse.bind(this));
			con.on("copyData", this._handleCopyData.bind(this));
			con.on("notification", this._handleNotification.bind(this));
		}
		_getPassword(cb) {
			const con = this.connection;
			if (typeof this.password === "function") this._Promise.resolve().then(() => this.password(this.connectionParameters)).then((pass) => {
				if (pass !== void 0) {
					if (typeof pass !== "string") {
						con.emit("error", /* @__PURE__ */ new TypeError("Password must be a string"));
						return;
					}
					this.connectionParameters.password = this.password = pass;
				} else this.connectionParameters.password = this.password = null;
				cb();
			}).catch((err) => {
				con.emit("error", err);
			});
			else if (this.password !== null) cb();
			else try {
				require_lib$1()(this.connectionParameters, (pass) => {
					if (void 0 !== pass) {
						pgPassDeprecationNotice();
						this.connectionParameters.password = this.password = pass;
					}
					cb();
				});
			} catch (e) {
				this.emit("error", e);
			}
		}
		_handleAuthCleartextPassword(msg) {
			this._getPassword(() => {
				this.connection.password(this.password);
			});
		}
		_handleAuthMD5Password(msg) {
			this._getPassword(async () => {
				try {
					const hashedPassword = await crypto.postgresMd5PasswordHash(this.user, this.password, msg.salt);
					this.connection.password(hashedPassword);
				} catch (e) {
					this.emit("error", e);
				}
			});
		}
		_handleAuthSASL(msg) {
			this._getPassword(() => {
				try {
					this.saslSession = sasl.startSession(msg.mechanisms, this.enableChannelBinding && this.connection.stream, this.scramMaxIterations);
					this.connection.sendSASLInitialResponseMessage(this.saslSession.mechanism, this.saslSession.response);
				} catch (err) {
					this.connection.emit("error", err);
				}
			});
		}
		async _handleAuthSASLContinue(msg) {
			try {
				await sasl.continueSession(this.saslSession, this.password, msg.data, this.enableChannelBinding && this.connection.stream);
				this.connection.sendSCRAMClientFinalMessage(this.saslSession.response);
			} catch (err) {
				this.connection.emit("error", err);
			}
		}
		_handleAuthSASLFinal(msg) {
			try {
				sasl.finalizeSession(this.saslSession, msg.data);
				this.saslSession = null;
			} catch (err) {
				this.connection.emit("error", err);
			}
		}
		_handleBackendKeyData(msg) {
			this.processID = msg.processID;
			this.secretKey = msg.secretKey;
		}
		_handleReadyForQuery(msg) {
			if (this._connecting) {
				this._connecting = false;
				this._connected = true;
				clearTimeout(this.connectionTimeoutHandle);
				if (this._connectionCallback) {
					this._connectionCallback(null, this);
					this._connectionCallback = null;
				}
				this.emit("connect");
			}
			const activeQuery = this._getActiveQuery();
			this._activeQuery = null;
			this._txStatus = msg?.status ?? null;
			this.readyForQuery = true;
			if (activeQuery) activeQuery.handleReadyForQuery(this.connection);
			this._pulseQueryQueue();
		}
		_handleErrorWhileConnecting(err) {
			if (this._connectionError) return;
			this._connectionError = true;
			clearTimeout(this.connectionTimeoutHandle);
			if (this._connectionCallback) return this._connectionCallback(err);
			this.emit("error", err);
		}
		_handleErrorEvent(err) {
			if (this._connecting) return this._handleErrorWhileConnecting(err);
			this._queryable = false;
			this._errorAllQueries(err);
			this.emit("error", err);
		}
		_handleErrorMessage(msg) {
			if (this._connecting) return this._handleErrorWhileConnecting(msg);
			const activeQuery = this._getActiveQuery();
			if (!activeQuery) {
				this._handleErrorEvent(msg);
				return;
			}
			this._activeQuery = null;
			if (activeQuery.name) delete this.connection.submittedNamedStatements[activeQuery.name];
			activeQuery.handleError(msg, this.connection);
		}
		_handleRowDescription(msg) {
			const activeQuery = this._getActiveQuery();
			if (activeQuery == null) {
				const error = /* @__PURE__ */ new Error("Received unexpected rowDescription message from backend.");
				this._handleErrorEvent(error);
				return;
			}
			activeQuery.handleRowDescription(msg);
		}
		_handleDataRow(msg) {
			const activeQuery = this._getActiveQuery();
			if (activeQuery == null) {
				const error = /* @__PURE__ */ new Error("Received unexpected dataRow message from backend.");
				this._handleErrorEvent(error);
				return;
			}
			activeQuery.handleDataRow(msg);
		}
		_handlePortalSuspended(msg) {
			const activeQuery = this._getActiveQuery();
			if (activeQuery == null) {
				const error = /* @__PURE__ */ new Error("Received unexpected portalSuspended message from backend.");
				this._handleErrorEvent(error);
				return;
			}
			activeQuery.handlePortalSuspended(this.connection);
		}
		_handleEmptyQuery(msg) {
			const activeQuery = this._getActiveQuery();
			if (activeQuery == null) {
				const error = /* @__PURE__ */ new Error("Received unexpected emptyQuery message from backend.");
				this._handleErrorEvent(error);
				return;
			}
			activeQuery.handleEmptyQuery(this.connection);
		}
		_handleCommandComplete(msg) {
			const activeQuery = this._getActiveQuery();
			if (activeQuery == null) {
				const error = /* @__PURE__ */ new Error("Received unexpected commandComplete message from backend.");
				this._handleErrorEvent(error);
				return;
			}
			activeQuery.handleCommandComplete(msg, this.connection);
		}
		_handleParseComplete() {
			const activeQuery = this._getActiveQuery();
			if (activeQuery == null) {
				const error = /* @__PURE__ */ new Error("Received unexpected parseComplete message from backend.");
				this._handleErrorEvent(error);
				return;
			}
			if (activeQuery.name) {
				this.connection.parsedStatements[activeQuery.name] = activeQuery.text;
				delete this.connection.submittedNamedStatements[activeQuery.name];
			}
		}
		_handleCopyInResponse(msg) {
			const activeQuery = this._getActiveQuery();
			if (activeQuery == null) {
				const error = /* @__PURE__ */ new Error("Received unexpected copyInResponse message from backend.");
				this._handleErrorEvent(error);
				return;
			}
			activeQuery.handleCopyInResponse(this.connection);
		}
		_handleCopyData(msg) {
			const activeQuery = this._getActiveQuery();
			if (activeQuery == null) {
				const error = /* @__PURE__ */ new Error("Received unexpected copyData message from backend.");
				this._handleErrorEvent(error);
				return;
			}
			activeQuery.handleCopyData(msg, this.connection);
		}
		_handleNotification(msg) {
			this.emit("notification", msg);
		}
		_handleNotice(msg) {
			this.emit("notice", msg);
		}
		getStartupConf() {
			const params = this.connectionParameters;
			const data = {
				user: params.user,
				database: params.database
			};
			const appName = params.application_name || params.fallback_application_name;
			if (appName) data.application_name = appName;
			if (params.replication) data.replication = "" + params.replication;
			if (params.statement_timeout) data.statement_timeout = String(parseInt(params.statement_timeout, 10));
			if (params.lock_timeout) data.lock_timeout = String(parseInt(params.lock_timeout, 10));
			if (params.idle_in_transaction_session_timeout) data.idle_in_transaction_session_timeout = String(parseInt(params.idle_in_transaction_session_timeout, 10));
			if (params.options) data.options = params.options;
			return data;
		}
		cancel(client, query) {
			if (client.activeQuery === query) {
				const con = this.connection;
				if (this.host && this.host.indexOf("/") === 0) con.connect(this.host + "/.s.PGSQL." + this.port);
				else con.connect(this.port, this.host);
				con.on("connect", function() {
					con.cancel(client.processID, client.secretKey);
				});
			} else if (client._queryQueue.indexOf(query) !== -1) client._queryQueue.splice(client._queryQueue.indexOf(query), 1);
			else if (client._sentQueryQueue.indexOf(query) !== -1) query.callback = () => {};
		}
		setTypeParser(oid, format, parseFn) {
			return this._types.setTypeParser(oid, format, parseFn);
		}
		getTypeParser(oid, format) {
			return this._types.getTypeParser(oid, format);
		}
		escapeIdentifier(str) {
			return utils.escapeIdentifier(str);
		}
		escapeLiteral(str) {
			return utils.escapeLiteral(str);
		}
		_pulseQueryQueue() {
			if (this.pipeline) {
				this._pulsePipelinedQueryQueue();
				return;
			}
			if (this.readyForQuery === true) {
				this._activeQuery = this._queryQueue.shift();
				const activeQuery = this._getActiveQuery();
				if (activeQuery) {
					this.readyForQuery = false;
					this.hasExecuted = true;
					const queryError = activeQuery.submit(this.connection);
					if (queryError) process.nextTick(() => {
						activeQuery.handleError(queryError, this.connection);
						this.readyForQuery = true;
						this._pulseQueryQueue();
					});
				} else if (this.hasExecuted) {
					this._activeQuery = null;
					this.emit("drain");
				}
			}
		}
		_pulsePipelinedQueryQueue() {
			if (!this._connected || !this._queryable) return;
			while (this._queryQueue.length > 0) {
				const query = this._queryQueue.shift();
				this.hasExecuted = true;
				const queryError = query.submit(this.connection);
				if (queryError) {
					process.nextTick(() => {
						query.handleError(queryError, this.connection);
					});
					continue;
				}
				this._sentQueryQueue.push(query);
			}
			if (this.readyForQuery && !this._activeQuery && this._sentQueryQueue.length > 0) {
				this._activeQuery = this._sentQueryQueue.shift();
				this.readyForQuery = false;
			}
			if (!this._activeQuery && this._sentQueryQueue.length === 0 && this._queryQueue.length === 0 && this.hasExecuted) this.emit("drain");
		}
		query(config, values, callback) {
			let query;
			let result;
			if (config == null) throw new TypeError("Client was passed a null or undefined query");
			if (typeof config.submit === "function") {
				result = query = config;
				if (!query.callback) {
					if (typeof values === "function") query.callback = values;
					else if (callback) query.callback = callback;
				}
			} else {
				query = new Query(config, values, callback);
				if (!query.callback) result = new this._Promise((resolve, reject) => {
					query.callback = (err, res) => err ? reject(err) : resolve(res);
				}).catch((err) => {
					Error.captureStackTrace(err);
					throw err;
				});
				else if (typeof query.callback !== "function") throw new TypeError("callback is not a function");
			}
			const readTimeout = config.query_timeout || this.connectionParameters.query_timeout;
			if (readTimeout) {
				const queryCallback = query.callback || (() => {});
				const readTimeoutTimer = setTimeout(() => {
					const error = /* @__PURE__ */ new Error("Query read timeout");
					process.nextTick(() => {
						query.handleError(error, this.connection);
					});
					queryCallback(error);
					query.callback = () => {};
					const index = this._queryQueue.indexOf(query);
					if (index > -1) this._queryQueue.splice(index, 1);
					else if (this.pipeline) {
						this.connection.stream.destroy();
						return;
					}
					this._pulseQueryQueue();
				}, readTimeout);
				query.callback = (err, res) => {
					clearTimeout(readTimeoutTimer);
					queryCallback(err, res);
				};
			}
			if (this.binary && !query.binary) query.binary = true;
			if (query._result && !query._result._types) query._result._types = this._types;
			if (this.pipeline) {
				const portalQuery = typeof config.submit === "function" && !(query instanceof Query) ? "Custom query classes such as pg-cursor and pg-query-stream are" : query.rows ? "The `rows` option is" : null;
				if (portalQuery) {
					process.nextTick(() => {
						query.handleError(/* @__PURE__ */ new Error(`${portalQuery} not supported in pipeline mode`), this.connection);
					});
					return result;
				}
			}
			if (!this._queryable) {
				process.nextTick(() => {
					query.handleError(/* @__PURE__ */ new Error("Client has encountered a connection error and is not queryable"), this.connection);
				});
				return result;
			}
			if (this._ending) {
				process.nextTick(() => {
					query.handleError(/* @__PURE__ */ new Error("Client was closed and is not queryable"), this.connection);
				});
				return result;
			}
			if (this._queryQueue.length > 0 && !this.pipeline) queryQueueLengthDeprecationNotice();
			this._queryQueue.push(query);
			this._pulseQueryQueue();
			return result;
		}
		ref() {
			this.connection.ref();
		}
		unref() {
			this.connection.unref();
		}
		getTransactionStatus() {
			return this._txStatus;
		}
		end(cb) {
			this._ending = true;
			if (!this.connection._connecting || this._ended) {
				if (cb) {
					cb();
					return;
				} else return this._Promise.resolve();
			}
			if (!this._queryable) this.connection.stream.destroy();
			else if (this.pipeline && (this._getActiveQuery() || this._sentQueryQueue.length > 0 || this._queryQueue.length > 0)) this.once("drain", () => this.connection.end());
			else if (this._getActiveQuery()) this.connection.stream.destroy();
			else this.connection.end();
			if (cb) this.connection.once("end", cb);
			else return new this._Promise((resolve) => {
				this.connection.once("end", resolve);
			});
		}
		get queryQueue() {
			queryQueueDeprecationNotice();
			return this._queryQueue;
		}
	};
	Client.Query = Query;
	module.exports = Client;
}));
// ../../../node_modules/.pnpm/pg-pool@3.14.0_pg@8.23.1/node_modules/pg-pool/index.js
var require_pg_pool = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	const EventEmitter = __require("events").EventEmitter;
	const NOOP = function() {};
	const removeWhere = (list, predicate) => {
		const i = list.findIndex(predicate);
		return i === -1 ? void 0 : list.splice(i, 1)[0];
	};
	var IdleItem = class {
		constructor(client, idleListener, timeoutId) {
			this.client = client;
			this.idleListener = idleListener;
			this.timeoutId = timeoutId;
		}
	};
	var PendingItem = class {
		constructor(callback) {
			this.callback = callback;
		}
	};
	function throwOnDoubleRelease() {
		throw new Error("Release called on client which has already been released to the pool.");
	}
	function promisify(Promise, callback) {
		if (callback) return {
			callback,
			result: void 0
		};
		let rej;
		let res;
		const cb = function(err, client) {
			err ? rej(err) : res(client);
		};
		return {
			callback: cb,
			result: new Promise(function(resolve, reject) {
				res = resolve;
				rej = reject;
			}).catch((err) => {
				Error.captureStackTrace(err);
				throw err;
			})
		};
	}
	function makeIdleListener(pool, client) {
		return function idleListener(err) {
			err.client = client;
			client.removeListener("error", idleListener);
			client.on("error", () => {
				pool.log("additional client error after disconnection due to error", err);
			});
			pool._remove(client);
			pool.emit("error", err, client);
		};
	}
	var Pool = class extends EventEmitter {
		constructor(options, Client) {
			super();
			this.options = Object.assign({}, options);
			if (options != null && "password" in options) Object.defineProperty(this.options, "password", {
				configurable: true,
				enumerable: false,
				writable: true,
				value: options.password
			});
			if (options != null && options.ssl && options.ssl.key) Object.defineProperty(this.options.ssl, "key", { enumerable: false });
			this.options.max = this.options.max || this.options.poolSize || 10;
			this.options.min = this.options.min || 0;
			this.options.maxUses = this.options.maxUses || Infinity;
			this.options.allowExitOnIdle = this.options.allowExitOnIdle || false;
			this.options.maxLifetimeSeconds = this.options.maxLifetimeSeconds || 0;
			this.log = this.options.log || function() {};
			this.Client = this.options.Client || Client || (init_esm(), __toCommonJS(esm_exports)).Client;
			this.Promise = this.options.Promise || global.Promise;
			if (typeof this.options.idleTimeoutMillis === "undefined") this.options.idleTimeoutMillis = 1e4;
			this._clients = [];
			this._idle = [];
			this._expired = /* @__PURE__ */ new WeakSet();
			this._pendingQueue = [];
			this._endCallback = void 0;
			this.ending = false;
			this.ended = false;
		}
		_promiseTry(f) {
			const Promise = this.Promise;
			if (typeof Promise.try === "function") return Promise.try(f);
			return new Promise((resolve) => resolve(f()));
		}
		_isFull() {
			return this._clients.length >= this.options.max;
		}
		_isAboveMin() {
			return this._clients.length > this.options.min;
		}
		_pulseQueue() {
			this.log("pulse queue");
			if (this.ended) {
				this.log("pulse queue ended");
				return;
			}
			if (this.ending) {
				this.log("pulse queue on ending");
				if (this._idle.length) this._idle.slice().map((item) => {
					this._remove(item.client);
				});
				if (!this._clients.length) {
					this.ended = true;
					this._endCallback();
				}
				return;
			}
			if (!this._pendingQueue.length) {
				this.log("no queued requests");
				return;
			}
			if (!this._idle.length && this._isFull()) return;
			const pendingItem = this._pendingQueue.shift();
			if (this._idle.length) {
				const idleItem = this._idle.pop();
				clearTimeout(idleItem.timeoutId);
				const client = idleItem.client;
				client.ref && client.ref();
				const idleListener = idleItem.idleListener;
				return this._acquireClient(client, pendingItem, idleListener, false);
			}
			if (!this._isFull()) return this.newClient(pendingItem);
			throw new Error("unexpected condition");
		}
		_remove(client, callback) {
			const removed = removeWhere(this._idle, (item) => item.client === client);
			if (removed !== void 0) clearTimeout(removed.timeoutId);
			this._clients = this._clients.filter((c) => c !== client);
			const context = this;
			client.end(() => {
				context.emit("remove", client);
				if (typeof callback === "function") callback();
			});
		}
		connect(cb) {
			if (this.ending) {
				const err = /* @__PURE__ */ new Error("Cannot use a pool after calling end on the pool");
				return cb ? cb(err) : this.Promise.reject(err);
			}
			const response = promisify(this.Promise, cb);
			const result = response.result;
			if (this._isFull() || this._idle.length) {
				if (this._idle.length) process.nextTick(() => this._pulseQueue());
				if (!this.options.connectionTimeoutMillis) {
					this._pendingQueue.push(new PendingItem(response.callback));
					return result;
				}
				const queueCallback = (err, res, done) => {
					clearTimeout(tid);
					response.callback(err, res, done);
				};
				const pendingItem = new PendingItem(queueCallback);
				const tid = setTimeout(() => {
					removeWhere(this._pendingQueue, (i) => i.callback === queueCallback);
					pendingItem.timedOut = true;
					response.callback(/* @__PURE__ */ new Error("timeout exceeded when trying to connect"));
				}, this.options.connectionTimeoutMillis);
				if (tid.unref) tid.unref();
				this._pendingQueue.push(pendingItem);
				return result;
			}
			this.newClient(new PendingItem(response.callback));
			return result;
		}
		newClient(pendingItem) {
			const client = new this.Client(this.options);
			this._clients.push(client);
			const idleListener = makeIdleListener(this, client);
			this.log("checking client timeout");
			let tid;
			let timeoutHit = false;
			if (this.options.connectionTimeoutMillis) tid = setTimeout(() => {
				if (client.connection) {
					this.log("ending client due to timeout");
					timeoutHit = true;
					client.connection.stream.destroy();
				} else if (!client.isConnected()) {
					this.log("ending client due to timeout");
					timeoutHit = true;
					client.end();
				}
			}, this.options.connectionTimeoutMillis);
			this.log("connecting new client");
			client.connect((err) => {
				if (tid) clearTimeout(tid);
				client.on("error", idleListener);
				if (err) {
					this.log("client failed to connect", err);
					this._clients = this._clients.filter((c) => c !== client);
					if (timeoutHit) err = new Error("Connection terminated due to connection timeout", { cause: err });
					this._pulseQueue();
					if (!pendingItem.timedOut) pendingItem.callback(err, void 0, NOOP);
				} else {
					this.log("new client connected");
					if (this.options.onConnect) {
						this._promiseTry(() => this.options.onConnect(client)).then(() => {
							this._afterConnect(client, pendingItem, idleListener);
						}, (hookErr) => {
							this._clients = this._clients.filter((c) => c !== client);
							client.end(() => {
								this._pulseQueue();
								if (!pendingItem.timedOut) pendingItem.callback(hookErr, void 0, NOOP);
							});
						});
						return;
					}
					return this._afterConnect(client, pendingItem, idleListener);
				}
			});
		}
		_afterConnect(client, pendingItem, idleListener) {
			if (this.options.maxLifetimeSeconds !== 0) {
				const maxLifetimeTimeout = setTimeout(() => {
					this.log("ending client due to expired lifetime");
					this._expired.add(client);
					if (this._idle.findIndex((idleItem) => idleItem.client === client) !== -1) this._acquireClient(client, new PendingItem((err, client, clientRelease) => clientRelease()), idleListener, false);
				}, this.options.maxLifetimeSeconds * 1e3);
				maxLifetimeTimeout.unref();
				client.once("end", () => clearTimeout(maxLifetimeTimeout));
			}
			return this._acquireClient(client, pendingItem, idleListener, true);
		}
		_acquireClient(client, pendingItem, idleListener, isNew) {
			if (isNew) this.emit("connect", client);
			this.emit("acquire", client);
			client.release = this._releaseOnce(client, idleListener);
			client.removeListener("error", idleListener);
			if (!pendingItem.timedOut) {
				if (isNew && this.options.verify) this.options.verify(client, (err) => {
					if (err) {
						client.release(err);
						return pendingItem.callback(err, void 0, NOOP);
					}
					pendingItem.callback(void 0, client, client.release);
				});
				else pendingItem.callback(void 0, client, client.release);
			} else if (isNew && this.options.verify) this.options.verify(client, client.release);
			else client.release();
		}
		_releaseOnce(client, idleListener) {
			let released = false;
			return (err) => {
				if (released) throwOnDoubleRelease();
				released = true;
				this._release(client, idleListener, err);
			};
		}
		_release(client, idleListener, err) {
			client.on("error", idleListener);
			client._poolUseCount = (client._poolUseCount || 0) + 1;
			this.emit("release", err, client);
			if (err || this.ending || !client._queryable || client._ending || client._poolUseCount >= this.options.maxUses) {
				if (client._poolUseCount >= this.options.maxUses) this.log("remove expended client");
				return this._remove(client, this._pulseQueue.bind(this));
			}
			if (this._expired.has(client)) {
				this.log("remove expired client");
				this._expired.delete(client);
				return this._remove(client, this._pulseQueue.bind(this));
			}
			let tid;
			if (this.options.idleTimeoutMillis && this._isAboveMin()) {
				tid = setTimeout(() => {
					if (this._isAboveMin()) {
						this.log("remove idle client");
						this._remove(client, this._pulseQueue.bind(this));
					}
				}, this.options.idleTimeoutMillis);
				if (this.options.allowExitOnIdle) tid.unref();
			}
			if (this.options.allowExitOnIdle) client.unref();
			this._idle.push(new IdleItem(client, idleListener, tid));
			this._pulseQueue();
		}
		query(text, values, cb) {
			if (typeof text === "function") {
				const response = promisify(this.Promise, text);
				setImmediate(function() {
					return response.callback(/* @__PURE__ */ new Error("Passing a function as the first parameter to pool.query is not supported"));
				});
				return response.result;
			}
			if (typeof values === "function") {
				cb = values;
				values = void 0;
			}
			const response = promisify(this.Promise, cb);
			cb = response.callback;
			this.connect((err, client) => {
				if (err) return cb(err);
				let clientReleased = false;
				const onError = (err) => {
					if (clientReleased) return;
					clientReleased = true;
					client.release(err);
					cb(err);
				};
				client.once("error", onError);
				this.log("dispatching query");
				try {
					client.query(text, values, (err, res) => {
						this.log("query dispatched");
						client.removeListener("error", onError);
						if (clientReleased) return;
						clientReleased = true;
						client.release(err);
						if (err) return cb(err);
						return cb(void 0, res);
					});
				} catch (err) {
					client.release(err);
					return cb(err);
				}
			});
			return response.result;
		}
		end(cb) {
			this.log("ending");
			if (this.ending) {
				const err = /* @__PURE__ */ new Error("Called end on pool more than once");
				return cb ? cb(err) : this.Promise.reject(err);
			}
			this.ending = true;
			const promised = promisify(this.Promise, cb);
			this._endCallback = promised.callback;
			this._pulseQueue();
			return promised.result;
		}
		get waitingCount() {
			return this._pendingQueue.length;
		}
		get idleCount() {
			return this._idle.length;
		}
		get expiredCount() {
			return this._clients.reduce((acc, client) => acc + (this._expired.has(client) ? 1 : 0), 0);
		}
		get totalCount() {
			return this._clients.length;
		}
	};
	module.exports = Pool;
}));
// ../../../node_modules/.pnpm/pg-pool@3.14.0_pg@8.23.1/node_modules/pg-pool/esm/index.mjs
var esm_exports$1 = /* @__PURE__ */ __exportAll({ default: () => esm_default$1 });
var import_pg_pool, esm_default$1;
var init_esm$1 = __esmMin(() => {
	import_pg_pool = /* @__PURE__ */ __toESM(require_pg_pool(), 1);
	esm_default$1 = import_pg_pool.default;
});
// ../../../node_modules/.pnpm/pg@8.23.1/node_modules/pg/lib/native/query.js
var require_query = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	const EventEmitter = __require("events").EventEmitter;
	const util = __require("util");
	const utils = require_utils$1();
	const NativeQuery = module.exports = function(config, values, callback) {
		EventEmitter.call(this);
		config = utils.normalizeQueryConfig(config, values, callback);
		this.text = config.text;
		this.values = config.values;
		this.name = config.name;
		this.queryMode = config.queryMode;
		this.callback = config.callback;
		this.state = "new";
		this._arrayMode = config.rowMode === "array";
		this._emitRowEvents = false;
		this.on("newListener", function(event) {
			if (event === "row") this._emitRowEvents = true;
		}.bind(this));
	};
	util.inherits(NativeQuery, EventEmitter);
	const errorFieldMap = {
		sqlState: "code",
		statementPosition: "position",
		messagePrimary: "message",
		messageDetail: "detail",
		messageHint: "hint",
		context: "where",
		schemaName: "schema",
		tableName: "table",
		columnName: "column",
		dataTypeName: "dataType",
		constraintName: "constraint",
		sourceFile: "file",
		sourceLine: "line",
		sourceFunction: "routine"
	};
	NativeQuery.prototype.handleError = function(err) {
		const fields = this.native && this.native.pq.resultErrorFields();
		if (fields) for (const key in fields) {
			const normalizedFieldName = errorFieldMap[key] || key;
			err[normalizedFieldName] = fields[key];
		}
		if (this.callback) this.callback(err);
		else this.emit("error", err);
		this.state = "error";
	};
	NativeQuery.prototype.then = function(onSuccess, onFailure) {
		return this._getPromise().then(onSuccess, onFailure);
	};
	NativeQuery.prototype.catch = function(callback) {
		return this._getPromise().catch(callback);
	};
	NativeQuery.prototype._getPromise = function() {
		if (this._promise) return this._promise;
		this._promise = new Promise(function(resolve, reject) {
			this._once("end", resolve);
			this._once("error", reject);
		}.bind(this));
		return this._promise;
	};
	NativeQuery.prototype.submit = function(client) {
		this.state = "running";
		const self = this;
		this.native = client.native;
		client.native.arrayMode = this._arrayMode;
		let after = function(err, rows, results) {
			client.native.arrayMode = false;
			setImmediate(function() {
				self.emit("_done");
			});
			if (err) return self.handleError(err);
			if (self._emitRowEvents) {
				if (results.length > 1) rows.forEach((rowOfRows, i) => {
					rowOfRows.forEach((row) => {
						self.emit("row", row, results[i]);
					});
				});
				else rows.forEach(function(row) {
					self.emit("row", row, results);
				});
			}
			self.state = "end";
			self.emit("end", results);
			if (self.callback) self.callback(null, results);
		};
		if (process.domain) after = process.domain.bind(after);
		if (this.name) {
			if (this.name.length > 63) {
				console.error("Warning! Postgres only supports 63 characters for query names.");
				console.error("You supplied %s (%s)", this.name, this.name.length);
				console.error("This can cause conflicts and silent errors executing queries");
			}
			const values = (this.values || []).map(utils.prepareValue);
			if (client.namedQueries[this.name] !== void 0) {
				if (this.text && client.namedQueries[this.name] !== this.text) {
					const err = /* @__PURE__ */ new Error(`Prepared statements must be unique - '${this.name}' was used for a different statement`);
					return after(err);
				}
				return client.native.execute(this.name, values, after);
			}
			return client.native.prepare(this.name, this.text, values.length, function(err) {
				if (err) return after(err);
				client.namedQueries[self.name] = self.text;
				return self.native.execute(self.name, values, after);
			});
		} else if (this.values) {
			if (!Array.isArray(this.values)) return after(/* @__PURE__ */ new Error("Query values must be an array"));
			const vals = this.values.map(utils.prepareValue);
			client.native.query(this.text, vals, after);
		} else if (this.queryMode === "extended") client.native.query(this.text, [], after);
		else client.native.query(this.text, after);
	};
}));
// ../../../node_modules/.pnpm/pg@8.23.1/node_modules/pg/lib/native/client.js
var require_client = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	const nodeUtils = __require("util");
	var Native;
	try {
		Native = __require("pg-native");
	} catch (e) {
		throw e;
	}
	const TypeOverrides = require_type_overrides();
	const EventEmitter = __require("events").EventEmitter;
	const util = __require("util");
	const ConnectionParameters = require_connection_parameters();
	const NativeQuery = require_query();
	const queryQueueLengthDeprecationNotice = nodeUtils.deprecate(() => {}, "Calling client.query() when the client is already executing a query is deprecated and will be removed in pg@9.0. Use async/await or an external async flow control mechanism instead.");
	const Client = module.exports = function(config) {
		EventEmitter.call(this);
		config = config || {};
		this._Promise = config.Promise || global.Promise;
		this._types = new TypeOverrides(config.types);
		this.native = new Native({ types: this._types });
		this._queryQueue = [];
		this._ending = false;
		this._connecting = false;
		this._connected = false;
		this._queryable = true;
		this.pipeline = Boolean(config.pipeline);
		this._pipelineInFlight = false;
		const cp = this.connectionParameters = new ConnectionParameters(config);
		if (config.nativeConnectionString) cp.nativeConnectionString = config.nativeConnectionString;
		this.user = cp.user;
		Object.defineProperty(this, "password", {
			configurable: true,
			enumerable: false,
			writable: true,
			value: cp.password
		});
		this.database = cp.database;
		this.host = cp.host;
		this.port = cp.port;
		this.namedQueries = {};
	};
	Client.Query = NativeQuery;
	util.inherits(Client, EventEmitter);
	Client.prototype._errorAllQueries = function(err) {
		const enqueueError = (query) => {
			process.nextTick(() => {
				query.native = this.native;
				query.handleError(err);
			});
		};
		if (this._hasActiveQuery()) {
			enqueueError(this._activeQuery);
			this._activeQuery = null;
		}
		this._queryQueue.forEach(enqueueError);
		this._queryQueue.length = 0;
	};
	Client.prototype._connect = function(cb) {
		const self = this;
		if (this._connecting) {
			process.nextTick(() => cb(/* @__PURE__ */ new Error("Client has already been connected. You cannot reuse a client.")));
			return;
		}
		this._connecting = true;
		this.connectionParameters.getLibpqConnectionString(function(err, conString) {
			if (self.connectionParameters.nativeConnectionString) conString = self.connectionParameters.nativeConnectionString;
			if (err) return cb(err);
			self.native.connect(conString, function(err) {
				if (err) {
					self.native.end();
					return cb(err);
				}
				self._connected = true;
				self.native.on("error", function(err) {
					self._queryable = false;
					self._errorAllQueries(err);
					self.emit("error", err);
				});
				self.native.on("notification", function(msg) {
					self.emit("notification", {
						channel: msg.relname,
						payload: msg.extra
					});
				});
				self.emit("connect");
				self._pulseQueryQueue(true);
				cb(null, this);
			});
		});
	};
	Client.prototype.connect = function(callback) {
		if (callback) {
			this._connect(callback);
			return;
		}
		return new this._Promise((resolve, reject) => {
			this._connect((error) => {
				if (error) reject(error);
				else resolve(this);
			});
		});
	};
	Client.prototype.query = function(config, values, callback) {
		let query;
		let result;
		let readTimeout;
		let readTimeoutTimer;
		let queryCallback;
		if (config === null || config === void 0) throw new TypeError("Client was passed a null or undefined query");
		else if (typeof config.submit === "function") {
			readTimeout = config.query_timeout || this.connectionParameters.query_timeout;
			result = query = config;
			if (typeof values === "function") config.callback = values;
		} else {
			readTimeout = config.query_timeout || this.connectionParameters.query_timeout;
			query = new NativeQuery(config, values, callback);
			if (!query.callback) {
				let resolveOut, rejectOut;
				result = new this._Promise((resolve, reject) => {
					resolveOut = resolve;
					rejectOut = reject;
				}).catch((err) => {
					Error.captureStackTrace(err);
					throw err;
				});
				query.callback = (err, res) => err ? rejectOut(err) : resolveOut(res);
			}
		}
		if (readTimeout) {
			queryCallback = query.callback || (() => {});
			readTimeoutTimer = setTimeout(() => {
				const error = /* @__PURE__ */ new Error("Query read timeout");
				process.nextTick(() => {
					query.handleError(error, this.connection);
				});
				queryCallback(error);
				query.callback = () => {};
				const index = this._queryQueue.indexOf(query);
				if (index > -1) this._queryQueue.splice(index, 1);
				this._pulseQueryQueue();
			}, readTimeout);
			query.callback = (err, res) => {
				clearTimeout(readTimeoutTimer);
				queryCallback(err, res);
			};
		}
		if (!this._queryable) {
			query.native = this.native;
			process.nextTick(() => {
				query.handleError(/* @__PURE__ */ new Error("Client has encountered a connection error and is not queryable"));
			});
			return result;
		}
		if (this._ending) {
			query.native = this.native;
			process.nextTick(() => {
				query.handleError(/* @__PURE__ */ new Error("Client was closed and is not queryable"));
			});
			return result;
		}
		if (this._queryQueue.length > 0 && !this.pipeline) queryQueueLengthDeprecationNotice();
		this._queryQueue.push(query);
		this._pulseQueryQueue();
		return result;
	};
	Client.prototype.end = function(cb) {
		const self = this;
		this._ending = true;
		if (this._connecting && !this._connected) this.once("connect", () => {
			this.end(() => {});
		});
		let result;
		if (!cb) result = new this._Promise(function(resolve, reject) {
			cb = (err) => err ? reject(err) : resolve();
		});
		const doEnd = function() {
			self.native.end(function() {
				self._connected = false;
				self._errorAllQueries(/* @__PURE__ */ new Error("Connection terminated"));
				process.nextTick(() => {
					self.emit("end");
					if (cb) cb();
				});
			});
		};
		if (this.pipeline && (this._pipelineInFlight || this._queryQueue.length > 0)) this.once("drain", doEnd);
		else doEnd();
		return result;
	};
	Client.prototype._hasActiveQuery = function() {
		return this._activeQuery && this._activeQuery.state !== "error" && this._activeQuery.state !== "end";
	};
	Client.prototype._pulseQueryQueue = function(initialConnection) {
		if (!this._connected) return;
		if (this.pipeline && !initialConnection) return this._pulsePipelinedQueryQueue();
		if (this._hasActiveQuery()) return;
		const query = this._queryQueue.shift();
		if (!query) {
			if (!initialConnection) this.emit("drain");
			return;
		}
		this._activeQuery = query;
		query.submit(this);
		const self = this;
		query.once("_done", function() {
			self._pulseQueryQueue();
		});
	};
	Client.prototype._pulsePipelinedQueryQueue = function() {
		if (!this._connected || this._pipelineInFlight) return;
		if (this._queryQueue.length === 0) {
			if (this.hasExecuted) this.emit("drain");
			return;
		}
		this._pipelineInFlight = true;
		const self = this;
		const queries = [];
		const nativeQueries = [];
		const utils = require_utils$1();
		while (this._queryQueue.length > 0) {
			const query = this._queryQueue.shift();
			this.hasExecuted = true;
			nativeQueries.push(query);
			const values = query.values ? query.values.map(utils.prepareValue) : null;
			const pipelineEntry = {
				text: query.text,
				name: query.name,
				arrayMode: query._arrayMode
			};
			if (values) pipelineEntry.values = values;
			if (query.name && this.namedQueries[query.name]) pipelineEntry._alreadyPrepared = true;
			queries.push(pipelineEntry);
		}
		this.native.pipeline(queries, function(err, results) {
			self._pipelineInFlight = false;
			if (err) {
				self._connected = false;
				self._queryable = false;
				for (let i = 0; i < nativeQueries.length; i++) {
					const q = nativeQueries[i];
					q.native = self.native;
					q.handleError(err);
				}
				self._errorAllQueries(err);
				self.emit("error", err);
				self.emit("end");
				return;
			}
			for (let i = 0; i < nativeQueries.length; i++) {
				const q = nativeQueries[i];
				const r = results[i];
				q.native = self.native;
				if (r.err) q.handleError(r.err);
				else {
					if (q.name) self.namedQueries[q.name] = q.text;
					q.state = "end";
					q.emit("end", r.result);
					if (q.callback) q.callback(null, r.result);
				}
				setImmediate(function() {
					q.emit("_done");
				});
			}
			self._pulsePipelinedQueryQueue();
		});
	};
	Client.prototype.cancel = function(query) {
		if (this._activeQuery === query) this.native.cancel(function() {});
		else if (this._queryQueue.indexOf(query) !== -1) this._queryQueue.splice(this._queryQueue.indexOf(query), 1);
	};
	Client.prototype.ref = function() {};
	Client.prototype.unref = function() {};
	Client.prototype.setTypeParser = function(oid, format, parseFn) {
		return this._types.setTypeParser(oid, format, parseFn);
	};
	Client.prototype.getTypeParser = function(oid, format) {
		return this._types.getTypeParser(oid, format);
	};
	Client.prototype.isConnected = function() {
		return this._connected;
	};
	Client.prototype.getTransactionStatus = function() {
		return this.native.getTransactionStatus();
	};
}));
// ../../../node_modules/.pnpm/pg@8.23.1/node_modules/pg/lib/native/index.js
var require_native = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	module.exports = require_client();
}));
// ../../../node_modules/.pnpm/pg@8.23.1/node_modules/pg/lib/index.js
var require_lib = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	const Client = require_client$1();
	const defaults = require_defaults();
	const Connection = require_connection();
	const Result = require_result();
	const utils = require_utils$1();
	const Pool = (init_esm$1(), __toCommonJS(esm_exports$1));
	const TypeOverrides = require_type_overrides();
	const { DatabaseError } = (init_esm$2(), __toCommonJS(esm_exports$2));
	const { escapeIdentifier, escapeLiteral } = require_utils$1();
	const poolFactory = (Client) => {
		return class BoundPool extends Pool {
			constructor(options) {
				super(options, Client);
			}
		};
	};
	const PG = function(clientConstructor) {
		this.defaults = defaults;
		this.Client = clientConstructor;
		this.Query = this.Client.Query;
		this.Pool = poolFactory(this.Client);
		this._pools = [];
		this.Connection = Connection;
		this.types = require_pg_types();
		this.DatabaseError = DatabaseError;
		this.TypeOverrides = TypeOverrides;
		this.escapeIdentifier = escapeIdentifier;
		this.escapeLiteral = escapeLiteral;
		this.Result = Result;
		this.utils = utils;
	};
	let clientConstructor = Client;
	let forceNative = false;
	try {
		forceNative = !!process.env.NODE_PG_FORCE_NATIVE;
	} catch {}
	if (forceNative) clientConstructor = require_native();
	module.exports = new PG(clientConstructor);
	Object.defineProperty(module.exports, "native", {
		configurable: true,
		enumerable: false,
		get() {
			let native = null;
			try {
				native = new PG(require_native());
			} catch (err) {
				if (err.code !== "MODULE_NOT_FOUND") throw err;
			}
			Object.defineProperty(module.exports, "native", { value: native });
			return native;
		}
	});
}));
// ../../../node_modules/.pnpm/pg@8.23.1/node_modules/pg/esm/index.mjs
var esm_exports = /* @__PURE__ */ __exportAll({
	Client: () => Client,
	Connection: () => Connection,
	DatabaseError: () => DatabaseError,
	Pool: () => Pool,
	Query: () => Query,
	Result: () => Result,
	TypeOverrides: () => TypeOverrides,
	default: () => esm_default,
	defaults: () => defaults,
	escapeIdentifier: () => escapeIdentifier,
	escapeLiteral: () => escapeLiteral,
	types: () => types
});
var import_lib, Client, Pool, Connection, types, Query, DatabaseError, escapeIdentifier, escapeLiteral, Result, TypeOverrides, defaults, esm_default;
var init_esm = __esmMin(() => {
	import_lib = /* @__PURE__ */ __toESM(require_lib(), 1);
	Client = import_lib.default.Client;
	Pool = import_lib.default.Pool;
	Connection = import_lib.default.Connection;
	types = import_lib.default.types;
	Query = import_lib.default.Query;
	DatabaseError = import_lib.default.DatabaseError;
	escapeIdentifier = import_lib.default.escapeIdentifier;
	escapeLiteral = import_lib.default.escapeLiteral;
	Result = import_lib.default.Result;
	TypeOverrides = import_lib.default.TypeOverrides;
	defaults = import_lib.default.defaults;
	esm_default = import_lib.default;
});
// ../../adapters/postgres/src/connect.ts
/** The connection that the session works on. Throws `CONNECTION`, and `CONFIG` where the driver is not installed. */
async function connect(checked, options) {
	const { origin } = checked;
	switch (origin.kind) {
		case "address": return connectTo(checked, origin.address, options);
		case "pool": {
			const client = await patiently(origin.pool, options, shownTarget(checked));
			return borrowed(client, async (dirty) => client.release(dirty));
		}
		case "client": return borrowed(origin.client, async () => void 0);
		case "pglite":
			await origin.database.waitReady;
			return pgliteWire(origin.database);
	}
}
/** Fit for people: no password and no parameters. */
function shownTarget(checked) {
	const { origin } = checked;
	switch (origin.kind) {
		case "address": {
			const { host, port, user, database } = endpointOf(checked, origin.address);
			return host.startsWith("/") ? `postgres://${user}@/${database} by the socket in ${host}` : `postgres://${user}@${host.includes(":") ? `[${host}]` : host}:${port}/${database}`;
		}
		case "pool": return "a pool of pg";
		case "client": return "an open client of pg";
		case "pglite": return "a PGlite database";
	}
}
async function connectTo(checked, given, options) {
	const { env } = process;
	const endpoint = endpointOf(checked, given);
	const address = completeAddress({
		...given,
		host: endpoint.host
	}, env);
	const asked = checked.given.password ?? address.password;
	const filed = asked === void 0 ? await passwordFromFile(endpoint, env) : null;
	const password = asked ?? (filed?.kind === "found" ? filed.password : void 0);
	const isBound = address.channelBinding === "require";
	const ways = sslWays(sslModeFor(checked.ssl, address), endpoint.host).filter(({ kind }) => !isBound || kind !== "plain");
	for (const [index, way] of ways.entries()) {
		const ssl = await sslOf$1(way, endpoint.host, address, env);
		try {
			return await openClient(endpoint, {
				password,
				ssl,
				isBound
			}, options);
		} catch (error) {
			if (error instanceof DetentError) throw error;
			const failure = failureFrom(error);
			if (index < ways.length - 1 && isAboutSsl(failure.message)) continue;
			throw connectFailed(failure, shownTarget(checked), options.signal, error, filed?.kind === "ignored" ? filed.why : null);
		}
	}
	throw misuse("Channel binding needs encryption.", "Set sslmode to 'require' or more, or leave channel_binding out.");
}
function endpointOf(checked, given) {
	const { socket } = checked.given;
	const address = completeAddress({
		...given,
		...socket === void 0 ? {} : { host: socket }
	}, process.env);
	const { user = systemUser(), port = 5432 } = address;
	const usual = existsSync(join(SOCKETS, `.s.PGSQL.${port}`)) ? SOCKETS : "localhost";
	return {
		host: address.host ?? usual,
		port,
		user,
		database: address.database ?? user,
		applicationName: checked.given.applicationName ?? address.applicationName ?? "detent"
	};
}
async function openClient({ host, port, user, database, applicationName }, { password, ssl, isBound }, { timeoutMs, signal }) {
	const client = new (await (loadClient()))({
		host,
		port,
		user,
		database,
		password: password ?? missing,
		ssl,
		...ssl === false ? { sslnegotiation: "postgres" } : {},
		enableChannelBinding: isBound,
		application_name: applicationName,
		connectionTimeoutMillis: timeoutMs,
		keepAlive: true,
		keepAliveInitialDelayMillis: 1e4
	});
	let serverVersion = null;
	const onParameter = ({ parameterName, parameterValue }) => {
		if (parameterName === "server_version") serverVersion = parameterValue ?? null;
	};
	client.connection.on("parameterStatus", onParameter);
	client.on("error", () => void 0);
	const bound = isBound ? insistOnBinding(client) : null;
	const stop = () => void client.connection.stream.destroy();
	signal?.addEventListener("abort", stop, { once: true });
	try {
		signal?.throwIfAborted();
		await client.connect();
		bound?.check();
	} catch (error) {
		stop();
		throw error;
	} finally {
		signal?.removeEventListener("abort", stop);
		client.connection.off("parameterStatus", onParameter);
	}
	return pgWire({
		client,
		serverVersion,
		status: "I",
		async release(dirty) {
			if (dirty) client.connection.stream.destroy();
			else await client.end();
		}
	});
}
function missing() {
	throw new Error("the server asks for a password, and no password was given");
}
/** Ends the connection before a password goes to a server that cannot prove that it is the one behind the encryption. */
function insistOnBinding(client) {
	const unbound = /* @__PURE__ */ new Error("the server offers no channel binding");
	const refuse = () => void client.connection.stream.destroy(unbound);
	let isOffered = false;
	if (Reflect.get(client, "enableChannelBinding") !== true) throw misuse("This version of pg knows no channel binding.", "Run `npm install pg@latest`.");
	client.connection.on("authenticationSASL", ({ mechanisms }) => {
		isOffered = mechanisms?.includes("SCRAM-SHA-256-PLUS") === true;
		if (!isOffered) refuse();
	});
	client.connection.on("authenticationCleartextPassword", refuse);
	client.connection.on("authenticationMD5Password", refuse);
	return { check() {
		if (!isOffered) throw unbound;
	} };
}
/** A user's own client, which must be idle. */
async function borrowed(given, release) {
	const client = given;
	if (typeof client.connection?.on !== "function" || typeof client.processID !== "number") throw misuse("This client of pg is not connected, or is one of pg-native.", "Pass a `pg.Client` after `await client.connect()`, or pass `url`.");
	const wire = pgWire({
		client,
		serverVersion: null,
		status: "I",
		release
	});
	await wire.run("");
	if (wire.status === "I") return wire;
	await wire.close(false);
	throw misuse("The client is in the middle of a transaction.", "End it before Detent runs.");
}
/** One that comes too late goes back at once. */
async function patiently(pool, { timeoutMs }, target) {
	let timer;
	const client = pool.connect();
	const late = new Promise((_, reject) => {
		if (timeoutMs > 0) timer = setTimeout(() => reject(/* @__PURE__ */ new Error("no client was free in time")), timeoutMs);
	});
	try {
		return await Promise.race([client, late]);
	} catch (error) {
		client.then((unused) => unused.release(), () => void 0);
		throw connectFailed(failureFrom(error), target, void 0, error);
	} finally {
		clearTimeout(timer);
	}
}
/** The client without the rest of pg, whose loading would take as long as reading many migrations. */
async function loadClient() {
	try {
		return (await Promise.resolve().then(() => /* @__PURE__ */ __toESM(require_client$1(), 1))).default;
	} catch (cause) {
		const code = typeof cause === "object" && cause !== null ? Reflect.get(cause, "code") : void 0;
		if (code === "ERR_PACKAGE_PATH_NOT_EXPORTED") return (await Promise.resolve().then(() => (init_esm(), esm_exports))).default.Client;
		if (code !== "ERR_MODULE_NOT_FOUND") throw cause;
		throw misuse("pg is not installed.", "Run `npm install pg`, or pass `pglite`.");
	}
}
function systemUser() {
	try {
		return userInfo().username;
	} catch {
		return "postgres";
	}
}
var SOCKETS;
var init_connect = __esmMin(() => {
	init_src$3();
	init_environment();
	init_errors();
	init_failure();
	init_password_file();
	init_ssl();
	init_wire_pg();
	init_wire_pglite();
	SOCKETS = "/var/run/postgresql";
});
// ../../adapters/postgres/src/bookkeeping.ts
/** Always qualified: a migration may change `search_path`. Throws `CONFIG` for an impossible name. */
function bookkeeping(table, schema) {
	const history = historyStatements(postgres$1, {
		table,
		schema
	});
	const digest = createHash("sha256").update(JSON.stringify([schema, table])).digest();
	return {
		schema,
		history,
		own: Object.values(history.tableNames),
		key: {
			space: SPACE,
			number: digest.readUInt32BE(0) >>> 1
		},
		createSchema: [`CREATE SCHEMA IF NOT EXISTS ${quoteIdent(postgres$1, schema)}`]
	};
}
var SPACE, NOW;
var init_bookkeeping = __esmMin(() => {
	init_src$2();
	SPACE = 1148481140;
	NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
});
// ../../adapters/postgres/src/inline.ts
/**
* Puts values into a statement of Detent's own, in the places of `$1`, `$2` …, so that it can go by the simple protocol:
* after an extended query inside a transaction the server keeps a snapshot open, and several of them do not fit into one
* message. Quoted identifiers and strings are left alone.
*/
function inline(text, values) {
	return text.replaceAll(/"(?:[^"]|"")*"|'(?:[^']|'')*'|\$(\d+)/g, (found, index) => index === void 0 ? found : literal(values[Number(index) - 1] ?? null));
}
function literal(value) {
	if (value === null) return "NULL";
	return typeof value === "number" ? String(value) : quoteLiteral(postgres$1, value.replaceAll("\0", "�"));
}
var init_inline = __esmMin(() => {
	init_src$2();
});
// ../../adapters/postgres/src/greeting.ts
/** One SELECT. `schema` is `null` for the one in which tables would be made without saying where. */
function greetingSql(table, schema) {
	const place = schema === null ? "current_schema()" : literal(schema);
	const has = (name) => `to_regclass(quote_ident(${place}) || ${literal(`.${quoteIdent(postgres$1, name)}`)}) IS NOT NULL`;
	const columns = {
		pid: "pg_backend_pid()",
		schema: place,
		version: "current_setting('server_version')",
		version_number: "current_setting('server_version_num')",
		standby: "pg_is_in_recovery()",
		read_only: "current_setting('default_transaction_read_only') = 'on'",
		superuser: "current_setting('is_superuser') = 'on'",
		signal: "pg_has_role(current_user, 'pg_signal_backend', 'member')",
		namespace: `(SELECT has_schema_privilege(oid, 'CREATE') FROM pg_catalog.pg_namespace WHERE nspname = ${place})`,
		usr: "current_user",
		db: "current_database()",
		wal: "current_setting('wal_level')",
		encoding: "current_setting('server_encoding')",
		now: NOW,
		history: has(table),
		event: has(`${table}_event`),
		lck: has(`${table}_lock`)
	};
	return `SELECT ${Object.entries(columns).map(([name, expression]) => `${expression} AS ${name}`).join(", ")}`;
}
function readGreeting(answer, wire) {
	const row = answer?.rows[0] ?? {};
	const text = (name) => row[name] ?? "";
	const yes = (name) => row[name] === "t";
	const pid = Number(text("pid"));
	return {
		pid,
		pooled: wire.startPid !== null && wire.startPid !== pid,
		schema: row["schema"] ?? "public",
		schemaExists: row["namespace"] !== null && row["namespace"] !== void 0,
		version: text("version"),
		versionNumber: Number(text("version_number")),
		isStandby: yes("standby"),
		isReadOnly: yes("read_only"),
		isSuperuser: yes("superuser"),
		maySignal: yes("signal") || yes("superuser"),
		mayCreate: yes("namespace"),
		user: text("usr"),
		database: text("db"),
		walLevel: text("wal"),
		encoding: text("encoding"),
		clockOffsetMs: Number(text("now")) - Date.now(),
		tables: {
			history: yes("history"),
			event: yes("event"),
			lock: yes("lck")
		}
	};
}
var init_greeting = __esmMin(() => {
	init_src$2();
	init_bookkeeping();
	init_inline();
});
// ../../adapters/postgres/src/kept.ts
function keptStatements(ask) {
	const prefix = `detent_${randomBytes(6).toString("hex")}`;
	let state = "none";
	let names = [];
	return {
		async make(texts) {
			if (state !== "none") return;
			const texted = Object.entries(texts).map(([name, text]) => ({
				name: `${prefix}_${name}`,
				text
			}));
			await ask(...texted.map(({ name, text }) => `PREPARE ${name} AS ${text}`));
			names = texted.map(({ name }) => name);
			state = "kept";
		},
		call: (name, values) => state === "kept" ? `EXECUTE ${prefix}_${name} (${values.map(literal).join(", ")})` : null,
		question: `SELECT name FROM pg_catalog.pg_prepared_statements WHERE starts_with(name, '${prefix}')`,
		heard(answer) {
			if (state === "kept" && answer?.rows.length !== names.length) state = "lost";
		},
		async drop() {
			if (state === "kept") await ask(...names.map((name) => `DEALLOCATE ${name}`));
			state = "lost";
		}
	};
}
var init_kept = __esmMin(() => {
	init_inline();
});
// ../../adapters/postgres/src/settings.ts
function limitsWith(limits, { lockMs, statementMs }) {
	return {
		lockMs: lockMs ?? limits.lockMs,
		statementMs: statementMs ?? limits.statementMs
	};
}
/** The limits as statements; `local`: for the transaction that is open, where the session is not ours alone. */
function limitSql({ lockMs, statementMs }, local) {
	const set = local ? "SET LOCAL" : "SET";
	return [lockMs === 0 ? `${set} lock_timeout = DEFAULT` : `${set} lock_timeout = ${lockMs}`, `${set} statement_timeout = ${statementMs}`];
}
/** What a session of Detent's sets once, beyond its limits. */
function baseSql({ versionNumber }) {
	return ["SET standard_conforming_strings = on", ...versionNumber >= 14e4 ? ["SELECT set_config('client_connection_check_interval', '500', false) WHERE version() LIKE '%linux%'"] : []];
}
/**
* Takes back what a migration may have set. `DISCARD ALL` would give the lock back too, and make the driver's prepared
* statements vanish behind its back. `own`: the connection is Detent's, so its temporary tables and cursors go as well.
*/
function resetSql(own) {
	const all = [
		"SET SESSION AUTHORIZATION DEFAULT",
		"RESET ROLE",
		"RESET ALL"
	];
	return own ? [
		...all,
		"CLOSE ALL",
		"UNLISTEN *",
		"DISCARD TEMP",
		"DISCARD SEQUENCES"
	] : all;
}
function settingSql(name, value) {
	return `SELECT pg_catalog.set_config(${literal(name)}, ${literal(value)}, false)`;
}
var AS_CONNECTED, READ_SESSION_SETTINGS;
var init_settings = __esmMin(() => {
	init_inline();
	AS_CONNECTED = ["SET LOCAL SESSION AUTHORIZATION DEFAULT", "SET LOCAL ROLE NONE"];
	READ_SESSION_SETTINGS = "SELECT name, setting FROM pg_catalog.pg_settings WHERE source = 'session'";
});
// ../../adapters/postgres/src/link.ts
function createLink({ wire, target, options, lease, lent, disposable, openBeside }) {
	let greeting = null;
	let books = null;
	let prepared = false;
	/** Of the lender. */
	let before = [];
	let side = null;
	let opening = Promise.resolve(null);
	let isClosed = false;
	const baseLimits = {
		lockMs: options.lockTimeoutMs,
		statementMs: options.statementTimeoutMs
	};
	const greetingText = greetingSql(options.table, options.schema);
	const ask = async (...texts) => {
		const before = wire.status;
		try {
			return await wire.run(texts.join(";\n"));
		} catch (error) {
			if (before === "I" && wire.isOpen && wire.status !== "I") await wire.run("ROLLBACK").catch(() => void 0);
			throw translate(error, target);
		}
	};
	const kept = keptStatements(ask);
	const greeted = (answer) => {
		const found = readGreeting(answer, wire);
		greeting = found;
		books ??= bookkeeping(options.table, found.schema);
		return {
			greeting: found,
			books
		};
	};
	const openSide = async () => {
		if (side?.isOpen === true) return side;
		side = openBeside === null || isClosed ? null : await openBeside().catch(() => null);
		if (!isClosed) return side;
		await side?.close(true);
		return null;
	};
	const greet = async () => greeting ?? greeted((await ask(greetingText))[0]).greeting;
	const link = {
		wire,
		target,
		logger: options.logger,
		options,
		signal: options.signal,
		lease,
		limits: baseLimits,
		traces: false,
		greetingText,
		greeting: greet,
		known: () => greeting,
		books: async () => books ?? greeted((await ask(greetingText))[0]).books,
		greeted,
		ask,
		async look(text) {
			if (!link.traces) return (await ask(text))[0];
			const [begin, end] = wire.status === "I" ? ["BEGIN", "ROLLBACK"] : ["SAVEPOINT detent_look", "ROLLBACK TO SAVEPOINT detent_look"];
			return (await ask(begin, ...AS_CONNECTED, text, end))[1 + AS_CONNECTED.length];
		},
		async record(...texts) {
			if (!link.traces) return ask(...texts);
			return (await ask("BEGIN", ...AS_CONNECTED, ...texts, "COMMIT")).slice(1 + AS_CONNECTED.length, -1);
		},
		async prepare(...texts) {
			if (options.readOnly) throw readOnlySession();
			const known = await greet();
			if (prepared || known.pooled) return texts.length === 0 ? [] : ask(...texts);
			if (lent && !disposable) before = await sessionSettings(ask);
			const settings = [...baseSql(known), ...limitSql(link.limits, false)];
			const answers = await ask(...settings, ...texts);
			prepared = true;
			return answers.slice(settings.length);
		},
		async keep(texts) {
			const { pooled } = await greet();
			if (!pooled) await kept.make(texts);
		},
		call: (name, ...values) => link.traces ? null : kept.call(name, values),
		async restore() {
			link.limits = baseLimits;
			const known = await greet();
			link.traces &&= !known.pooled;
			if (!link.traces) return;
			const settings = [
				...resetSql(!lent),
				...before,
				...baseSql(known),
				...limitSql(baseLimits, false)
			];
			kept.heard((await ask(...settings, kept.question)).at(-1));
			prepared = true;
			link.traces = false;
		},
		hasBeside: openBeside !== null,
		mayWatch: openBeside !== null && !disposable,
		beside() {
			opening = opening.then(openSide);
			return opening;
		},
		async besidePid() {
			await opening;
			return side?.isOpen === true ? side.startPid : null;
		},
		async closeBeside() {
			await opening;
			await side?.close(false);
			side = null;
		},
		async close() {
			isClosed = true;
			await side?.close(true);
			if (wire.isOpen && lent && !disposable && prepared) {
				await ask(...resetSql(false), ...before).catch((error) => options.logger.warn(`The settings of the lent connection could not be put back: ${String(error)}`));
				await kept.drop().catch(() => void 0);
			}
			await wire.close(disposable && prepared);
		}
	};
	return link;
}
async function sessionSettings(ask) {
	const [answer] = await ask(READ_SESSION_SETTINGS);
	return (answer?.rows ?? []).map(({ name, setting }) => settingSql(name ?? "", setting ?? ""));
}
/** The only column of the only row. */
function valueOf(answer) {
	return Object.values(answer?.rows[0] ?? {})[0] ?? null;
}
function isRefused(thrown, ...codes) {
	return thrown instanceof Refused$1 && thrown.failure.kind === "refused" && codes.includes(thrown.failure.code);
}
var init_link = __esmMin(() => {
	init_bookkeeping();
	init_errors();
	init_greeting();
	init_kept();
	init_settings();
	init_wire();
});
// ../../adapters/postgres/src/create-database.ts
/**
* Makes an empty database of that name on the same server, like the one that `checked` points to in encoding, order and
* tablespace. What else belongs to a database comes with the backup. Throws `CONFIG` when it is there already, and
* `BACKUP_UNFIT` where this user may not.
*/
async function createDatabase(checked, name, options) {
	const quoted = quoteIdent(postgres$1, name);
	await onServer(checked, options, async (wire) => {
		const [version] = await wire.run("SELECT current_setting('server_version_num')::int / 10000 AS major");
		const major = Number(version?.rows[0]?.["major"]);
		const [like] = await wire.run(likeSql(major));
		const traits = Object.entries(like?.rows[0] ?? {}).map(([trait, value]) => value === null ? "" : ` ${trait} ${value}`);
		try {
			await wire.run(`CREATE DATABASE ${quoted} TEMPLATE template0${traits.join("")}`);
		} catch (error) {
			if (isRefused(error, "42P04")) throw misuse(`There is a database ${name} already.`, "Choose another name, or drop it first.");
			if (isRefused(error, "42501")) throw new DetentError("BACKUP_UNFIT", "This user may not create a database.", {
				hint: `ALTER ROLE … CREATEDB, or let an administrator create an empty ${name} and name it with --url.`,
				cause: error
			});
			throw error;
		}
	});
}
function dropDatabase(checked, name, options) {
	return onServer(checked, options, async (wire) => {
		await wire.run(`DROP DATABASE IF EXISTS ${quoteIdent(postgres$1, name)}`);
	});
}
async function onServer(checked, options, work) {
	const wire = await connect(checked, options);
	try {
		await work(wire);
	} catch (error) {
		throw translate(error, shownTarget(checked));
	} finally {
		await wire.close(false);
	}
}
/** The options of CREATE DATABASE, quoted, by name. */
function likeSql(major) {
	const quotedText = (column) => `quote_literal(${column})`;
	const locale = major >= 17 ? "datlocale" : "daticulocale";
	const columns = {
		ENCODING: quotedText("pg_encoding_to_char(encoding)"),
		LC_COLLATE: quotedText("datcollate"),
		LC_CTYPE: quotedText("datctype"),
		TABLESPACE: "(SELECT quote_ident(spcname) FROM pg_catalog.pg_tablespace t WHERE t.oid = dattablespace)",
		...major >= 15 ? {
			LOCALE_PROVIDER: "CASE datlocprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END",
			ICU_LOCALE: `CASE datlocprovider WHEN 'i' THEN ${quotedText(locale)} END`
		} : {},
		...major >= 16 ? { ICU_RULES: quotedText("daticurules") } : {},
		...major >= 17 ? { BUILTIN_LOCALE: `CASE datlocprovider WHEN 'b' THEN ${quotedText(locale)} END` } : {}
	};
	return `SELECT ${Object.entries(columns).map(([name, expression]) => `${expression} AS ${quoteIdent(postgres$1, name)}`).join(", ")} FROM pg_catalog.pg_database WHERE datname = current_database()`;
}
var init_create_database = __esmMin(() => {
	init_src$3();
	init_src$2();
	init_connect();
	init_errors();
	init_link();
});
// ../../adapters/postgres/src/lock-timing.ts
var LEASE;
var init_lock_timing = __esmMin(() => {
	LEASE = {
		leaseMs: 3e4,
		heartbeatMs: 1e4
	};
});
// ../../adapters/postgres/src/method.ts
var METHODS;
var init_method = __esmMin(() => {
	METHODS = [
		"copy",
		"pg_dump",
		"template"
	];
});
// ../../adapters/postgres/src/options.ts
/** Throws `CONFIG`. Never shows a URL or a password. */
function checkOptions(options) {
	for (const key of Object.keys(options)) if (!KEYS.includes(key)) throw misuse(`postgres(…) has no option "${key}"${didYouMean(key, KEYS) || "."}`, `Known: ${KEYS.join(", ")}.`);
	const { url, pool, client, pglite } = options;
	if ([
		url,
		pool,
		client,
		pglite
	].filter((way) => way !== void 0).length > 1) throw misuse("postgres(…) takes one of `url`, `pool`, `client` and `pglite`.", "Leave the others out.");
	const given = {
		directUrl: textOf(options, "directUrl"),
		ssl: sslOf(options["ssl"]),
		socket: textOf(options, "socket"),
		password: passwordOf(options["password"]),
		applicationName: textOf(options, "applicationName"),
		lockRetries: retriesOf(options["lockRetries"]),
		backup: methodOf(options["backup"])
	};
	const { directUrl, ssl, backup = "copy" } = given;
	const direct = directUrl === void 0 ? null : parseUrl(directUrl);
	const origin = direct === null ? originOf(options, textOf(options, "url")) : {
		kind: "address",
		address: direct
	};
	checkMethod(backup, origin, ssl);
	return {
		given,
		origin,
		backup,
		ssl: ssl === true ? "verify-full" : ssl === false ? "disable" : ssl ?? null,
		lockRetries: given.lockRetries ?? 4
	};
}
function originOf(options, url) {
	const { pool, client, pglite } = options;
	if (pool !== void 0) {
		if (!has(pool, "connect")) throw misuse("`pool` must be a pool of pg.", "Pass `new pg.Pool({ … })`.");
		return {
			kind: "pool",
			pool
		};
	}
	if (client !== void 0) {
		if (!has(client, "query") || !has(client, "connect")) throw misuse("`client` must be a connected client of pg.", "Pass a `pg.Client` after `await client.connect()`.");
		return {
			kind: "client",
			client
		};
	}
	if (pglite !== void 0) {
		if (!has(pglite, "execProtocol")) throw misuse("`pglite` must be a PGlite database.", "Pass `new PGlite(…)`.");
		return {
			kind: "pglite",
			database: pglite
		};
	}
	return {
		kind: "address",
		address: url === void 0 ? {} : parseUrl(url)
	};
}
function textOf(options, key) {
	const value = options[key];
	if (value === void 0 || typeof value === "string" && value !== "") return value;
	throw misuse(`${key} must be a text that is not empty.`, "Leave it out for the default.");
}
function sslOf(value) {
	if (value === void 0 || typeof value === "boolean") return value;
	if (typeof value === "string") return sslModeOf(value, "ssl");
	if (typeof value === "object" && value !== null) return value;
	throw misuse("ssl must be a mode, true, false or options of TLS.", "Write ssl: 'verify-full' or ssl: { ca }.");
}
function passwordOf(value) {
	if (value === void 0 || typeof value === "string") return value;
	if (typeof value === "function") return value;
	throw misuse("password must be a text or a function that gives one.", "Leave it out where the URL holds it.");
}
function retriesOf(value) {
	if (value === void 0 || typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
	throw misuse("lockRetries must be a whole number.", "Write 0 to try once.");
}
function methodOf(value) {
	const found = METHODS.find((method) => method === value);
	if (value === void 0 || found !== void 0) return found;
	throw misuse(`backup cannot be ${typeof value === "string" ? `"${value}"` : `a ${typeof value}`}${typeof value === "string" && didYouMean(value, METHODS) || "."}`, `It is one of ${METHODS.join(", ")}.`);
}
/** Another program has to find the server by itself. */
function checkMethod(backup, origin, ssl) {
	if (backup === "copy") return;
	if (origin.kind !== "address") throw misuse(`backup: '${backup}' opens connections of its own.`, "Give `url` or `directUrl`.");
	if (backup === "pg_dump" && typeof ssl === "object") throw misuse("backup: 'pg_dump' cannot pass options of TLS on to a program.", "Give a mode, and the certificates by PGSSLROOTCERT, PGSSLCERT and PGSSLKEY; or take backup: 'copy'.");
}
function has(value, method) {
	return typeof value === "object" && value !== null && typeof Reflect.get(value, method) === "function";
}
var KEYS;
var init_options = __esmMin(() => {
	init_src$3();
	init_method();
	init_url();
	KEYS = [
		"url",
		"pool",
		"client",
		"pglite",
		"directUrl",
		"ssl",
		"socket",
		"password",
		"applicationName",
		"lockRetries",
		"backup"
	];
});
// ../../adapters/postgres/src/objects-sql.ts
/** In a schema that is not the server's. */
function inSpace(namespace) {
	return `${namespace}.nspname !~ '^pg_' AND ${namespace}.nspname <> 'information_schema'`;
}
/** Made by nobody's command but its own: extensions make their members, and types make others along. */
function own(catalogue, oid, along = false) {
	return `NOT EXISTS (SELECT 1 FROM pg_depend x WHERE x.classid = '${catalogue}'::regclass AND x.objid = ${oid} AND x.deptype IN ${along ? "('e', 'i')" : "('e')"})`;
}
/** Not one of Detent's tables. */
function notBooks(books, namespace, relation) {
	const names = books.own.map(literal).join(", ");
	return `NOT (${namespace}.nspname = ${literal(books.schema)} AND ${relation}.relname IN (${names}))`;
}
function select(kind, catalogue, oid, parts) {
	const list = `ARRAY[${parts.ddl.join(", ")}]::text[]${parts.more === void 0 ? "" : ` || ${parts.more}`}`;
	return `SELECT ${kind} AS kind, '${catalogue}'::regclass::oid AS class, ${oid} AS oid, ${parts.label} AS label, ${parts.owner === void 0 ? "NULL" : `${parts.owner}::regrole::text`} AS owner, to_json(array_remove(${list}, NULL)) AS ddl`;
}
/** ` WITH (name='value', …)`, or nothing; `prefix` stands before each name. */
function optionsOf(...lists) {
	return `(SELECT ' WITH (' || string_agg(line, ', ' ORDER BY prefix, place) || ')' FROM (${lists.map(({ options, prefix }) => `SELECT ${literal(prefix)} AS prefix, place, ${literal(prefix)} || quote_ident(name) || '=' || quote_literal(value) AS line FROM pg_options_to_table(${options}) WITH ORDINALITY AS o (name, value, place)`).join(" UNION ALL ")}) AS options)`;
}
/** ` COLLATE schema.name` where it is not that of the type. */
function collationOf(collation, ofType) {
	return `(SELECT format(' COLLATE %I.%I', cn.nspname, co.collname) FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = ${collation} AND ${collation} <> ${ofType})`;
}
var init_objects_sql = __esmMin(() => {
	init_inline();
});
// ../../adapters/postgres/src/objects-rows.ts
/** A list that the server wrote as JSON; empty where it wrote none. */
function asRows(text) {
	if (!isList(text)) return [];
	const parsed = JSON.parse(text);
	return Array.isArray(parsed) ? parsed : [];
}
function isList(text) {
	return text !== null && text !== void 0 && text.startsWith("[");
}
var init_objects_rows = __esmMin(() => {});
// ../../adapters/postgres/src/data-tables.ts
/** The tables that a backup holds, by name. The lock stays out: it belongs to those who hold it. */
function tablesSql$1(books) {
	const { schema, history } = books;
	const { history: entries, event } = history.tableNames;
	const isBook = `(n.nspname = ${literal(schema)} AND c.relname IN (${literal(entries)}, ${literal(event)}))`;
	const list = (condition, item = "quote_ident(a.attname)") => `coalesce((SELECT json_agg(${item} ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped${condition}), '[]')`;
	const columns = (kind, condition) => `SELECT n.nspname, c.relname, ${kind} AS kind, ${condition} AS condition, ${list(" AND a.attgenerated = ''")} AS copied, ${list("")} AS columns, ${list("", AS_TEXT)} AS texts, c.relfilenode <> 0 AND c.relfilenode IS DISTINCT FROM pg_relation_filenode(c.oid) AS replaced, has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid) AS readable FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace`;
	return `${columns(`CASE WHEN ${isBook} THEN 'books' ELSE 'user' END`, "''")} WHERE ${inSpace("n")} AND c.relkind = 'r' AND c.relpersistence <> 't' AND (${isBook} OR ${notBooks(books, "n", "c")}) AND ${own("pg_class", "c.oid")} UNION ALL ${columns("'extension'", "u.condition")} JOIN (SELECT t.oid, t.condition FROM pg_extension e, unnest(e.extconfig, e.extcondition) t (oid, condition)) u ON u.oid = c.oid WHERE c.relkind = 'r'`;
}
function readTables(answer) {
	return (answer?.rows ?? []).map((row) => {
		const { nspname, relname, kind } = row;
		const qualified = quoteIdent(postgres$1, nspname ?? "", relname ?? "");
		return {
			name: nameOf(nspname ?? "", relname ?? ""),
			qualified,
			copied: asRows(row["copied"]).map(String),
			columns: asRows(row["columns"]).map(String),
			texts: asRows(row["texts"]).map(String),
			kind: kind === "books" || kind === "extension" ? kind : "user",
			condition: row["condition"] ?? "",
			isReplaced: row["replaced"] === "t",
			isReadable: row["readable"] === "t"
		};
	}).toSorted((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}
function nameOf(schema, table) {
	const simple = (part) => /^[a-z_][a-z0-9_$]*$/.test(part) ? part : quoteIdent(postgres$1, part);
	return schema === "public" ? simple(table) : `${simple(schema)}.${simple(table)}`;
}
/** The rows as the server writes them, without those of tables that inherit. */
function copyOut({ qualified, copied, kind, condition }) {
	const list = copied.join(", ");
	return kind === "extension" ? `COPY (SELECT ${list} FROM ${qualified} ${condition}) TO STDOUT` : `COPY ${qualified} (${list}) TO STDOUT`;
}
var AS_TEXT;
var init_data_tables = __esmMin(() => {
	init_src$2();
	init_inline();
	init_objects_sql();
	init_objects_rows();
	AS_TEXT = "format(CASE WHEN a.atttypid < 16384 AND a.atttypid <> 'bpchar'::regtype AND (SELECT t.typtype = 'b' FROM pg_type t WHERE t.oid = a.atttypid) THEN 'x.%I::text' ELSE 'ROW(x.%I)::text' END, a.attname)";
});
// ../../adapters/postgres/src/objects-attached.ts
/** What stands on tables and is made when their rows are there; and what belongs to the database as a whole. */
function attachedQueries(books) {
	const ours = `${inSpace("n")} AND ${notBooks(books, "n", "c")} AND c.relpersistence <> 't' AND ${own("pg_class", "c.oid")}`;
	const table = "format('%I.%I', n.nspname, c.relname)";
	const from = (catalogue, relation) => `FROM ${catalogue} o JOIN pg_class c ON c.oid = o.${relation} JOIN pg_namespace n ON n.oid = c.relnamespace`;
	return [
		{
			name: "domain constraints",
			text: `${select("'domain constraint'", "pg_constraint", "o.oid", {
				label: "format('CONSTRAINT %I ON DOMAIN %I.%I', o.conname, n.nspname, t.typname)",
				ddl: ["format('ALTER DOMAIN %I.%I ADD CONSTRAINT %I %s', n.nspname, t.typname, o.conname, pg_get_constraintdef(o.oid))"]
			})} FROM pg_constraint o JOIN pg_type t ON t.oid = o.contypid JOIN pg_namespace n ON n.oid = t.typnamespace
        WHERE ${inSpace("n")} AND o.contype = 'c' AND ${own("pg_type", "t.oid")}`
		},
		{
			name: "constraints",
			text: `${select("CASE o.contype WHEN 'f' THEN 'foreign key' WHEN 'p' THEN 'key' WHEN 'u' THEN 'key' WHEN 'x' THEN 'key' ELSE 'check' END", "pg_constraint", "o.oid", {
				label: `format('CONSTRAINT %I ON %s', o.conname, ${table})`,
				ddl: [
					`format('ALTER TABLE %s%s ADD CONSTRAINT %I %s', CASE WHEN o.contype IN ('p', 'u', 'x') THEN 'ONLY ' END, ${table}, o.conname, pg_get_constraintdef(o.oid))`,
					`'ALTER INDEX ' || o.conindid::regclass || ' SET ' || substr(${optionsOf({
						options: "(SELECT i.reloptions FROM pg_class i WHERE i.oid = o.conindid AND o.contype IN ('p', 'u', 'x'))",
						prefix: ""
					})}, 7)`,
					`(SELECT format('ALTER INDEX %s SET TABLESPACE %I', i.oid::regclass, s.spcname) FROM pg_class i JOIN pg_tablespace s ON s.oid = i.reltablespace WHERE i.oid = o.conindid AND o.contype IN ('p', 'u', 'x'))`,
					indexUse("o.conindid", "o.contype IN ('p', 'u', 'x')"),
					indexCluster("o.conindid", "o.contype IN ('p', 'u', 'x')")
				]
			})} ${from("pg_constraint", "conrelid")} WHERE ${ours} AND c.relkind IN ('r', 'p')
        AND (o.contype IN ('p', 'u', 'x') OR o.contype = 'f' AND o.conparentid = 0 OR o.contype = 'c' AND o.conislocal OR o.contype = 'n' AND NOT o.convalidated)`
		},
		{
			name: "indexes",
			text: `${select("'index'", "pg_class", "o.indexrelid", {
				label: "format('INDEX %s', o.indexrelid::regclass)",
				ddl: [
					"pg_get_indexdef(o.indexrelid)",
					indexUse("o.indexrelid", "true"),
					indexCluster("o.indexrelid", "true")
				],
				more: `ARRAY(SELECT format('ALTER INDEX %s ALTER COLUMN %s SET STATISTICS %s', o.indexrelid::regclass, a.attnum, a.attstattarget)
          FROM pg_attribute a WHERE a.attrelid = o.indexrelid AND a.attstattarget >= 0 ORDER BY a.attnum)`
			})} ${from("pg_index", "indrelid")} JOIN pg_class x ON x.oid = o.indexrelid
        WHERE ${ours} AND c.relkind IN ('r', 'p', 'm') AND (o.indisvalid OR x.relkind = 'I')
        AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = o.indexrelid AND k.contype IN ('p', 'u', 'x'))`
		},
		{
			name: "index attachments",
			text: `${select("'index attachment'", "pg_inherits", "x.oid", {
				label: "format('%s in its parent', x.oid::regclass)",
				ddl: ["format('ALTER INDEX %s ATTACH PARTITION %s', o.inhparent::regclass, x.oid::regclass)"]
			})}, json_build_array(o.inhparent, x.oid) AS parents FROM pg_inherits o JOIN pg_class x ON x.oid = o.inhrelid AND x.relkind IN ('i', 'I') JOIN pg_index i ON i.indexrelid = x.oid
        JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${ours} AND (i.indisvalid OR x.relkind = 'I')`
		},
		{
			name: "statistics",
			text: `${select("'statistics'", "pg_statistic_ext", "o.oid", {
				label: "format('STATISTICS %I.%I', m.nspname, o.stxname)",
				owner: "o.stxowner",
				ddl: ["pg_get_statisticsobjdef(o.oid)", `format('ALTER STATISTICS %I.%I SET STATISTICS ', m.nspname, o.stxname) || nullif(nullif(to_jsonb(o) ->> 'stxstattarget', '-1'), '')`]
			})} ${from("pg_statistic_ext", "stxrelid")} JOIN pg_namespace m ON m.oid = o.stxnamespace WHERE ${ours}`
		},
		{
			name: "triggers",
			text: `${select("'trigger'", "pg_trigger", "o.oid", {
				label: `format('TRIGGER %I ON %s', o.tgname, ${table})`,
				ddl: ["pg_get_triggerdef(o.oid)", enabling("o.tgenabled", "TRIGGER", "o.tgname", table)]
			})} ${from("pg_trigger", "tgrelid")} WHERE ${ours} AND NOT o.tgisinternal AND o.tgparentid = 0`
		},
		{
			name: "triggers of partitions",
			text: `${select("'partition trigger'", "pg_trigger", "o.oid", {
				label: `format('TRIGGER %I ON %s', o.tgname, ${table})`,
				ddl: [`format('ALTER TABLE %s %s TRIGGER %I', ${table}, CASE o.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END, o.tgname)`]
			})} ${from("pg_trigger", "tgrelid")} JOIN pg_trigger u ON u.oid = o.tgparentid WHERE ${ours} AND NOT o.tgisinternal AND o.tgenabled <> u.tgenabled`
		},
		{
			name: "rules",
			text: `${select("'rule'", "pg_rewrite", "o.oid", {
				label: `format('RULE %I ON %s', o.rulename, ${table})`,
				ddl: ["rtrim(pg_get_ruledef(o.oid), ';')", enabling("o.ev_enabled", "RULE", "o.rulename", table)]
			})} ${from("pg_rewrite", "ev_class")} WHERE ${ours} AND o.rulename <> '_RETURN'`
		},
		{
			name: "policies",
			text: `${select("'policy'", "pg_policy", "o.oid", {
				label: `format('POLICY %I ON %s', o.polname, ${table})`,
				ddl: [`concat(format('CREATE POLICY %I ON %s AS %s FOR %s TO %s', o.polname, ${table}, CASE WHEN o.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
            CASE o.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
            (SELECT string_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE r::regrole::text END, ', ' ORDER BY r::regrole::text) FROM unnest(o.polroles) r)),
            format(' USING (%s)', nullif(pg_get_expr(o.polqual, o.polrelid), '')), CASE WHEN o.polwithcheck IS NOT NULL THEN format(' WITH CHECK (%s)', pg_get_expr(o.polwithcheck, o.polrelid)) END)`]
			})} ${from("pg_policy", "polrelid")} WHERE ${ours}`
		},
		{
			name: "row security",
			text: `${select("'row security'", "pg_policies", "c.oid", {
				label: `'row security of ' || ${table}`,
				ddl: [`CASE WHEN c.relrowsecurity THEN format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', ${table}) END`, `CASE WHEN c.relforcerowsecurity THEN format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', ${table}) END`]
			})}, json_build_array(c.oid) AS parents FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${ours} AND (c.relrowsecurity OR c.relforcerowsecurity)`
		},
		{
			name: "event triggers",
			text: `${select("'event trigger'", "pg_event_trigger", "o.oid", {
				label: "format('EVENT TRIGGER %I', o.evtname)",
				owner: "o.evtowner",
				ddl: [`concat(format('CREATE EVENT TRIGGER %I ON %s', o.evtname, o.evtevent), ' WHEN TAG IN (' || (SELECT string_agg(quote_literal(t), ', ') FROM unnest(o.evttags) t) || ')', format(' EXECUTE FUNCTION %s()', o.evtfoid::regproc))`, `CASE o.evtenabled WHEN 'D' THEN format('ALTER EVENT TRIGGER %I DISABLE', o.evtname) WHEN 'R' THEN format('ALTER EVENT TRIGGER %I ENABLE REPLICA', o.evtname) WHEN 'A' THEN format('ALTER EVENT TRIGGER %I ENABLE ALWAYS', o.evtname) END`]
			})} FROM pg_event_trigger o WHERE ${own("pg_event_trigger", "o.oid")}`
		},
		{
			name: "large objects",
			text: `${select("'large object'", "pg_largeobject", "o.oid", {
				label: "format('LARGE OBJECT %s', o.oid)",
				owner: "o.lomowner",
				ddl: ["format('SELECT pg_catalog.lo_create(%s)', o.oid)"]
			})} FROM pg_largeobject_metadata o`
		}
	];
}
function indexUse(index, when) {
	return `(SELECT format('ALTER TABLE ONLY %I.%I REPLICA IDENTITY USING INDEX %I', n.nspname, c.relname, i.relname) FROM pg_index y JOIN pg_class i ON i.oid = y.indexrelid WHERE y.indexrelid = ${index} AND y.indisreplident AND ${when})`;
}
function indexCluster(index, when) {
	return `(SELECT format('ALTER %s %I.%I CLUSTER ON %I', CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END, n.nspname, c.relname, i.relname) FROM pg_index y JOIN pg_class i ON i.oid = y.indexrelid WHERE y.indexrelid = ${index} AND y.indisclustered AND ${when})`;
}
function enabling(state, kind, name, table) {
	return `CASE ${state} WHEN 'D' THEN format('ALTER TABLE %s DISABLE ${kind} %I', ${table}, ${name}) WHEN 'R' THEN format('ALTER TABLE %s ENABLE REPLICA ${kind} %I', ${table}, ${name}) WHEN 'A' THEN format('ALTER TABLE %s ENABLE ALWAYS ${kind} %I', ${table}, ${name}) END`;
}
var init_objects_attached = __esmMin(() => {
	init_objects_sql();
});
// ../../adapters/postgres/src/objects-attributes.ts
/** Grants, comments and settings; what depends on what; and what a backup cannot keep. */
function attributeQueries(books) {
	const ours = `${inSpace("n")} AND ${notBooks(books, "n", "c")} AND c.relpersistence <> 't' AND ${own("pg_class", "c.oid")}`;
	return [
		{
			name: "grants",
			text: `SELECT class, oid, target, acl_owner::regrole::text AS owner, ${items("acl", "acl_owner")} AS items FROM (
        SELECT 'pg_class'::regclass::oid AS class, c.oid, format('%s %I.%I', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, n.nspname, c.relname) AS target, '' AS part, c.relowner AS acl_owner, c.relacl AS acl
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${ours} AND c.relacl IS NOT NULL
        UNION ALL SELECT 'pg_class'::regclass, c.oid, format('(%I) TABLE %I.%I', a.attname, n.nspname, c.relname), a.attname, c.relowner, a.attacl
          FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${ours} AND a.attacl IS NOT NULL AND NOT a.attisdropped
        UNION ALL SELECT 'pg_proc'::regclass, p.oid, format('%s %I.%I(%s)', CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), '', p.proowner, p.proacl
          FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${inSpace("n")} AND p.proacl IS NOT NULL AND ${own("pg_proc", "p.oid", true)}
        UNION ALL SELECT 'pg_type'::regclass, t.oid, format('TYPE %I.%I', n.nspname, t.typname), '', t.typowner, t.typacl
          FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE ${inSpace("n")} AND t.typacl IS NOT NULL AND ${own("pg_type", "t.oid")}
        UNION ALL SELECT 'pg_namespace'::regclass, n.oid, format('SCHEMA %I', n.nspname), '', n.nspowner, n.nspacl
          FROM pg_namespace n WHERE ${inSpace("n")} AND n.nspacl IS NOT NULL AND ${own("pg_namespace", "n.oid")}
        UNION ALL SELECT 'pg_largeobject'::regclass, l.oid, format('LARGE OBJECT %s', l.oid), '', l.lomowner, l.lomacl FROM pg_largeobject_metadata l WHERE l.lomacl IS NOT NULL
      ) AS granted ORDER BY target`
		},
		{
			name: "default grants",
			text: `SELECT d.defaclrole::regrole::text AS role, CASE WHEN d.defaclnamespace = 0 THEN NULL ELSE quote_ident(n.nspname) END AS schema,
        CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' WHEN 'L' THEN 'LARGE OBJECTS' END AS what,
        ${items("d.defaclacl", "d.defaclrole")} AS items
        FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace ORDER BY 1, 2 NULLS FIRST, 3`
		},
		{
			name: "comments",
			text: `SELECT d.classoid AS class, d.objoid AS oid, d.objsubid AS sub, d.description, i.type, i.identity
        FROM pg_description d, LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i
        WHERE (d.objoid >= 16384 OR d.classoid = 'pg_namespace'::regclass AND d.objoid = 2200) AND d.classoid <> 'pg_extension'::regclass
        AND NOT EXISTS (SELECT 1 FROM pg_depend x WHERE x.classid = d.classoid AND x.objid = d.objoid AND x.deptype = 'e')
        ORDER BY i.type, i.identity`
		},
		{
			name: "database",
			text: `SELECT d.datdba::regrole::text AS owner, CASE WHEN d.datacl IS NULL THEN NULL ELSE ${items("d.datacl", "d.datdba")} END AS items,
        shobj_description(d.oid, 'pg_database') AS comment,
        (SELECT json_agg(json_build_array(CASE s.setrole WHEN 0 THEN NULL ELSE s.setrole::regrole::text END, split_part(v, '=', 1), substr(v, strpos(v, '=') + 1)) ORDER BY s.setrole::regrole::text, v)
         FROM pg_db_role_setting s, unnest(s.setconfig) v WHERE s.setdatabase = d.oid) AS settings
        FROM pg_database d WHERE d.datname = current_database()`
		},
		{
			name: "dependencies",
			text: `SELECT DISTINCT classid, objid, refclassid, refobjid FROM pg_depend WHERE objid >= 16384 AND refobjid >= 2200 AND deptype IN ('n', 'a', 'i', 'P', 'S')
        AND (refobjid >= 16384 OR refclassid = 'pg_namespace'::regclass)`
		},
		{
			name: "aliases",
			text: ALIASES
		},
		{
			name: "unfit",
			text: unfitSql()
		}
	];
}
/** `[[grantor, grantee, privilege, may pass it on], …]`, the owner's own grants first: others may rest on them. */
function items(acl, owner) {
	return `coalesce((SELECT json_agg(json_build_array(x.grantor::regrole::text, CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END, x.privilege_type, x.is_grantable) ORDER BY x.grantor <> ${owner}, x.grantor::regrole::text, x.grantee::regrole::text, x.privilege_type) FROM aclexplode(${acl}) x), '[]')`;
}
function unfitSql() {
	const each = (catalogue, oid, why, condition) => `SELECT i.type, i.identity, '${why}' AS why FROM ${catalogue} o, LATERAL pg_identify_object('${catalogue}'::regclass, ${oid}, 0) i WHERE ${condition} AND ${own(catalogue, oid)}`;
	const user = (catalogue, why) => each(catalogue, "o.oid", why, "o.oid >= 16384");
	return [
		each("pg_class", "o.oid", "its rows are in another place", "o.relkind = 'f'"),
		user("pg_foreign_data_wrapper", "what it leads to is in another place"),
		user("pg_foreign_server", "what it leads to is in another place, and its user mappings hold passwords"),
		user("pg_publication", "its subscribers would lose their place"),
		user("pg_opclass", "no function of the server gives its definition"),
		user("pg_conversion", "no function of the server gives its definition"),
		user("pg_language", "no function of the server gives its definition"),
		user("pg_transform", "no function of the server gives its definition"),
		user("pg_am", "no function of the server gives its definition"),
		user("pg_ts_parser", "no function of the server gives its definition"),
		user("pg_ts_template", "no function of the server gives its definition"),
		each("pg_type", "o.oid", "no function of the server gives its definition", "o.oid >= 16384 AND (o.typtype = 'p' OR o.typtype = 'b' AND o.typcategory <> 'A' OR EXISTS (SELECT 1 FROM pg_range g WHERE g.rngtypid = o.oid AND g.rngcanonical <> 0))"),
		`SELECT 'subscription', quote_ident(o.subname), 'its place in the publication would be lost' FROM pg_subscription o WHERE o.subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())`,
		`SELECT 'security label', o.objname, 'labels are not copied' FROM pg_seclabels o WHERE o.objtype <> 'database' AND o.objtype <> 'role' AND o.objtype <> 'tablespace'`
	].join(" UNION ALL ");
}
var ALIASES;
var init_objects_attributes = __esmMin(() => {
	init_objects_sql();
	ALIASES = `
  SELECT 'pg_type'::regclass::oid AS class, c.reltype AS oid, 'pg_class'::regclass::oid AS to_class, c.oid AS to_oid FROM pg_class c WHERE c.oid >= 16384 AND c.reltype <> 0 AND c.relkind <> 'c'
  UNION ALL SELECT 'pg_class'::regclass, c.oid, 'pg_type'::regclass, c.reltype FROM pg_class c WHERE c.relkind = 'c' AND c.oid >= 16384
  UNION ALL SELECT 'pg_type'::regclass, t.typarray, 'pg_type'::regclass, t.oid FROM pg_type t WHERE t.oid >= 16384 AND t.typarray <> 0
  UNION ALL SELECT 'pg_type'::regclass, g.rngmultitypid, 'pg_type'::regclass, g.rngtypid FROM pg_range g WHERE g.rngtypid >= 16384
  UNION ALL SELECT 'pg_rewrite'::regclass, w.oid, 'pg_class'::regclass, w.ev_class FROM pg_rewrite w WHERE w.oid >= 16384 AND w.rulename = '_RETURN'
  UNION ALL SELECT 'pg_class'::regclass, k.conindid, 'pg_constraint'::regclass, k.oid FROM pg_constraint k WHERE k.oid >= 16384 AND k.contype IN ('p', 'u', 'x')
  UNION ALL SELECT 'pg_constraint'::regclass, t.tgconstraint, 'pg_trigger'::regclass, t.oid FROM pg_trigger t WHERE t.tgconstraint <> 0 AND NOT t.tgisinternal
  UNION ALL SELECT 'pg_attrdef'::regclass, d.oid, 'pg_class'::regclass, d.adrelid FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE a.attgenerated <> ''
  UNION ALL SELECT d.classid, d.objid, d.refclassid, d.refobjid FROM pg_depend d WHERE d.deptype = 'e'
  UNION ALL SELECT 'pg_proc'::regclass, d.objid, d.refclassid, d.refobjid FROM pg_depend d WHERE d.deptype = 'i' AND d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_type'::regclass`;
});
// ../../adapters/postgres/src/objects-order.ts
/** Each after what it depends on, and otherwise by kind and name, so that equal schemas give equal orders. Throws for a circle. */
function inOrder(nodes, dependencies, aliases) {
	const byKey = new Map(nodes.map((node) => [node.key, node]));
	const alias = new Map(aliases.map((row) => [`${row["class"] ?? ""}:${row["oid"] ?? ""}`, `${row["to_class"] ?? ""}:${row["to_oid"] ?? ""}`]));
	const resolve = (key) => {
		let at = key;
		for (let hops = 0; at !== void 0 && hops < 8; hops += 1) {
			const found = byKey.get(at);
			if (found !== void 0) return found;
			at = alias.get(at);
		}
		return null;
	};
	const needs = new Map(nodes.map((node) => [node, /* @__PURE__ */ new Set()]));
	const need = (node, other) => {
		if (node !== null && other !== null && other !== void 0 && node !== other) needs.get(node)?.add(other);
	};
	for (const row of dependencies) need(resolve(`${row["classid"] ?? ""}:${row["objid"] ?? ""}`), resolve(`${row["refclassid"] ?? ""}:${row["refobjid"] ?? ""}`));
	for (const node of nodes) {
		for (const parent of node.parents) need(node, resolve(`${RELATIONS}:${parent}`));
		if (node.kind === "attachment") need(node, resolve(`${RELATIONS}:${node.oid}`));
	}
	const rows = {
		kind: ROWS,
		key: ROWS,
		oid: "",
		label: "",
		owner: null,
		ddl: [],
		parents: []
	};
	needs.set(rows, new Set(nodes.filter(({ kind }) => [
		"table",
		"attachment",
		"sequence",
		"large object"
	].includes(kind))));
	const afterRows = PLACE.get("rows") ?? 0;
	for (const node of nodes) if (placeOf$1(node) > afterRows) need(node, rows);
	addRefreshes(nodes, needs);
	const ordered = [];
	const state = /* @__PURE__ */ new Map();
	const visit = (node) => {
		const known = state.get(node);
		if (known === "done") return;
		if (known === "open") throw new Error(`${node.label} depends on itself by way of others`);
		state.set(node, "open");
		for (const other of [...needs.get(node) ?? []].toSorted(compare$1)) visit(other);
		state.set(node, "done");
		ordered.push(node);
	};
	for (const node of [...nodes, rows].toSorted(compare$1)) visit(node);
	return {
		ordered,
		labelOf(key) {
			const node = resolve(key);
			return node === null ? null : {
				label: node.label,
				exact: node.key === key
			};
		}
	};
}
/** A materialized view is filled after those that it reads, by whatever way. */
function addRefreshes(nodes, needs) {
	const refreshes = nodes.filter(({ kind }) => kind === "refresh");
	if (refreshes.length < 2) return;
	const ofView = new Map(refreshes.map((node) => [node.oid, node]));
	for (const refresh of refreshes) {
		const seen = /* @__PURE__ */ new Set();
		const follow = (node) => {
			for (const other of needs.get(node) ?? []) {
				if (seen.has(other) || other.kind === "rows" || other.kind === "refresh") continue;
				seen.add(other);
				const before = other.kind === "materialized view" ? ofView.get(other.oid) : void 0;
				if (before !== void 0 && before !== refresh) needs.get(refresh)?.add(before);
				follow(other);
			}
		};
		follow(refresh);
	}
}
function placeOf$1({ kind }) {
	return PLACE.get(kind) ?? ORDER.length;
}
function compare$1(a, b) {
	return placeOf$1(a) - placeOf$1(b) || (a.label < b.label ? -1 : a.label > b.label ? 1 : 0);
}
var RELATIONS, ROWS, ORDER, PLACE;
var init_objects_order = __esmMin(() => {
	RELATIONS = "1259";
	ROWS = "rows";
	ORDER = [
		"schema",
		"extension",
		"collation",
		"type",
		"domain",
		"function",
		"domain constraint",
		"aggregate",
		"operator",
		"cast",
		"dictionary",
		"configuration",
		"table",
		"attachment",
		"sequence",
		"default",
		"view",
		"materialized view",
		"large object",
		ROWS,
		"check",
		"key",
		"index",
		"index attachment",
		"foreign key",
		"statistics",
		"trigger",
		"partition trigger",
		"rule",
		"policy",
		"row security",
		"refresh",
		"event trigger"
	];
	PLACE = new Map(ORDER.map((kind, index) => [kind, index]));
});
// ../../adapters/postgres/src/objects-tables.ts
/** Tables with their columns, sequences, and what is computed from tables. */
function tableQueries(books, version) {
	const ours = `${inSpace("n")} AND ${notBooks(books, "n", "c")} AND c.relpersistence <> 't' AND ${own("pg_class", "c.oid")}`;
	return [
		{
			name: "tables",
			text: tablesSql(ours, version)
		},
		{
			name: "attachments",
			text: `${select("'attachment'", "pg_inherits", "c.oid", {
				label: "format('%I.%I in its parent', n.nspname, c.relname)",
				ddl: [`CASE WHEN c.relispartition THEN (SELECT format('ALTER TABLE ONLY %s ATTACH PARTITION %I.%I %s', i.inhparent::regclass, n.nspname, c.relname, pg_get_expr(c.relpartbound, c.oid))
            FROM pg_inherits i WHERE i.inhrelid = c.oid) END`],
				more: `ARRAY(SELECT format('ALTER TABLE %I.%I INHERIT %s', n.nspname, c.relname, i.inhparent::regclass)
          FROM pg_inherits i WHERE i.inhrelid = c.oid AND NOT c.relispartition ORDER BY i.inhseqno)`
			})}, (SELECT json_agg(i.inhparent) FROM pg_inherits i WHERE i.inhrelid = c.oid) AS parents
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN LATERAL ${NATURAL}
        WHERE ${ours} AND c.relkind IN ('r', 'p') AND h.parents IS NOT NULL AND NOT h.natural`
		},
		{
			name: "defaults",
			text: `${select("'default'", "pg_attrdef", "d.oid", {
				label: "format('default of %I.%I.%I', n.nspname, c.relname, a.attname)",
				ddl: ["format('ALTER TABLE %s %I.%I ALTER COLUMN %I SET DEFAULT %s', CASE c.relkind WHEN 'v' THEN '' ELSE 'ONLY' END, n.nspname, c.relname, a.attname, pg_get_expr(d.adbin, d.adrelid))"]
			})} FROM pg_attrdef d JOIN pg_class c ON c.oid = d.adrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE ${ours} AND c.relkind IN ('r', 'p', 'v') AND a.attgenerated = ''`
		},
		{
			name: "sequences",
			text: sequencesSql(ours)
		},
		{
			name: "views",
			text: `${select("'view'", "pg_class", "c.oid", {
				label: "format('VIEW %I.%I', n.nspname, c.relname)",
				owner: "c.relowner",
				ddl: [`concat(format('CREATE VIEW %I.%I', n.nspname, c.relname), ${optionsOf({
					options: "c.reloptions",
					prefix: ""
				})}, ' AS ', rtrim(pg_get_viewdef(c.oid), ';'))`]
			})} FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${ours} AND c.relkind = 'v'`
		},
		{
			name: "materialized views",
			text: `${select("'materialized view'", "pg_class", "c.oid", {
				label: "format('MATERIALIZED VIEW %I.%I', n.nspname, c.relname)",
				owner: "c.relowner",
				ddl: [`concat(format('CREATE MATERIALIZED VIEW %I.%I', n.nspname, c.relname), ${METHOD}, ${optionsOf({
					options: "c.reloptions",
					prefix: ""
				})}, ${TABLESPACE}, ' AS ', rtrim(pg_get_viewdef(c.oid), ';'), ' WITH NO DATA')`],
				more: COLUMN_SETTINGS
			})} FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${ours} AND c.relkind = 'm'`
		},
		{
			name: "refreshes",
			text: `${select("'refresh'", "pg_matviews", "c.oid", {
				label: "format('rows of %I.%I', n.nspname, c.relname)",
				ddl: ["format('REFRESH MATERIALIZED VIEW %I.%I', n.nspname, c.relname)"]
			})}, json_build_array(c.oid) AS parents FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${ours} AND c.relkind = 'm' AND c.relispopulated`
		}
	];
}
function tablesSql(ours, version) {
	const named = version >= 18e4;
	const notNull = named ? `(SELECT format(' CONSTRAINT %I NOT NULL%s', k.conname, CASE WHEN k.connoinherit THEN ' NO INHERIT' END) FROM pg_constraint k
        WHERE k.conrelid = c.oid AND k.contype = 'n' AND k.convalidated AND k.conkey[1] = a.attnum)` : `CASE WHEN a.attnotnull THEN ' NOT NULL' END`;
	const columns = `(SELECT string_agg(concat(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ${collationOf("a.attcollation", "t.typcollation")},
      CASE a.attgenerated WHEN 's' THEN format(' GENERATED ALWAYS AS (%s) STORED', pg_get_expr(d.adbin, d.adrelid)) WHEN 'v' THEN format(' GENERATED ALWAYS AS (%s) VIRTUAL', pg_get_expr(d.adbin, d.adrelid)) END,
      ${notNull}), ', ' ORDER BY a.attnum)
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND (a.attislocal OR NOT h.natural OR h.parents IS NULL))`;
	const inherited = named ? `SELECT format('ALTER TABLE ONLY %I.%I ADD CONSTRAINT %I NOT NULL %I', n.nspname, c.relname, k.conname, a.attname)
        FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
        WHERE k.conrelid = c.oid AND k.contype = 'n' AND k.conislocal AND k.convalidated AND h.natural AND h.parents IS NOT NULL AND NOT a.attislocal ORDER BY a.attnum` : `SELECT format('ALTER TABLE ONLY %I.%I ALTER COLUMN %I SET NOT NULL', n.nspname, c.relname, a.attname)
        FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull AND h.natural AND h.parents IS NOT NULL AND NOT a.attislocal ORDER BY a.attnum`;
	return `${select("'table'", "pg_class", "c.oid", {
		label: "format('TABLE %I.%I', n.nspname, c.relname)",
		owner: "c.relowner",
		ddl: [
			`concat('CREATE ', CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' END, format('TABLE %I.%I (', n.nspname, c.relname), ${columns}, ')',
        CASE WHEN h.natural THEN ' INHERITS (' || h.parents || ')' END,
        CASE c.relkind WHEN 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(c.oid) END, ${METHOD},
        ${optionsOf({
				options: "c.reloptions",
				prefix: ""
			}, {
				options: "(SELECT o.reloptions FROM pg_class o WHERE o.oid = c.reltoastrelid)",
				prefix: "toast."
			})}, ${TABLESPACE})`,
			`CASE WHEN c.reloftype <> 0 THEN format('ALTER TABLE %I.%I OF %s', n.nspname, c.relname, format_type(c.reloftype, NULL)) END`,
			`CASE c.relreplident WHEN 'f' THEN format('ALTER TABLE ONLY %I.%I REPLICA IDENTITY FULL', n.nspname, c.relname) WHEN 'n' THEN format('ALTER TABLE ONLY %I.%I REPLICA IDENTITY NOTHING', n.nspname, c.relname) END`
		],
		more: `ARRAY(${inherited}) || ${COLUMN_SETTINGS}`
	})} FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN LATERAL ${NATURAL}
    WHERE ${ours} AND c.relkind IN ('r', 'p')`;
}
function sequencesSql(ours) {
	const settings = `format('START WITH %s INCREMENT BY %s MINVALUE %s MAXVALUE %s CACHE %s %s', q.seqstart, q.seqincrement, q.seqmin, q.seqmax, q.seqcache, CASE WHEN q.seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END)`;
	const owner = (type, text) => `(SELECT ${text} FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype = '${type}' AND d.refobjsubid > 0)`;
	return `${select("'sequence'", "pg_class", "c.oid", {
		label: "format('SEQUENCE %I.%I', n.nspname, c.relname)",
		owner: "c.relowner",
		ddl: [`coalesce(${owner("i", `format('ALTER TABLE %s ALTER COLUMN %I ADD GENERATED %s AS IDENTITY (SEQUENCE NAME %I.%I %s)', d.refobjid::regclass, a.attname, CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, n.nspname, c.relname, ${settings})`)}, format('CREATE %sSEQUENCE %I.%I AS %s %s', CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' END, n.nspname, c.relname, format_type(q.seqtypid, NULL), ${settings}))`, owner("a", "format('ALTER SEQUENCE %I.%I OWNED BY %s.%I', n.nspname, c.relname, d.refobjid::regclass, a.attname)")]
	})} FROM pg_sequence q JOIN pg_class c ON c.oid = q.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${ours}`;
}
var METHOD, TABLESPACE, NATURAL, COLUMN_SETTINGS;
var init_objects_tables = __esmMin(() => {
	init_objects_sql();
	METHOD = `(SELECT format(' USING %I', m.amname) FROM pg_am m WHERE m.oid = c.relam AND m.amname <> 'heap')`;
	TABLESPACE = `(SELECT format(' TABLESPACE %I', s.spcname) FROM pg_tablespace s WHERE s.oid = c.reltablespace)`;
	NATURAL = `(SELECT
    (SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = c.oid) AS parents,
    NOT c.relispartition AND coalesce((
      SELECT array_agg(z.attnum ORDER BY z.attnum) = array_agg(z.attnum ORDER BY z.seqno NULLS LAST, z.place, z.attnum)
      FROM (SELECT a.attnum, q.seqno, q.place FROM pg_attribute a LEFT JOIN LATERAL (
          SELECT i.inhseqno AS seqno, b.attnum AS place FROM pg_inherits i
          JOIN pg_attribute b ON b.attrelid = i.inhparent AND b.attname = a.attname AND b.attnum > 0 AND NOT b.attisdropped
          WHERE i.inhrelid = c.oid ORDER BY i.inhseqno LIMIT 1) q ON true
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) z), true) AS natural) h`;
	COLUMN_SETTINGS = `ARRAY(SELECT line FROM (
    SELECT a.attnum, CASE WHEN a.attstorage <> t.typstorage THEN format('ALTER TABLE ONLY %I.%I ALTER COLUMN %I SET STORAGE %s', n.nspname, c.relname, a.attname, CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END) END AS line
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL SELECT a.attnum, CASE to_jsonb(a) ->> 'attcompression' WHEN 'p' THEN format('ALTER TABLE ONLY %I.%I ALTER COLUMN %I SET COMPRESSION pglz', n.nspname, c.relname, a.attname)
      WHEN 'l' THEN format('ALTER TABLE ONLY %I.%I ALTER COLUMN %I SET COMPRESSION lz4', n.nspname, c.relname, a.attname) END
    FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL SELECT a.attnum, format('ALTER TABLE ONLY %I.%I ALTER COLUMN %I SET STATISTICS %s', n.nspname, c.relname, a.attname, a.attstattarget)
    FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attstattarget >= 0
    UNION ALL SELECT a.attnum, format('ALTER TABLE ONLY %I.%I ALTER COLUMN %I SET (%s)', n.nspname, c.relname, a.attname, array_to_string(a.attoptions, ', '))
    FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attoptions IS NOT NULL
  ) lines WHERE line IS NOT NULL ORDER BY attnum, line)`;
});
// ../../adapters/postgres/src/objects-types.ts
/** Schemas, extensions, and what has a place in a schema without holding rows. */
function typeQueries() {
	return [
		{
			name: "schemas",
			text: `${select("'schema'", "pg_namespace", "n.oid", {
				label: "format('SCHEMA %I', n.nspname)",
				owner: "n.nspowner",
				ddl: ["format('CREATE SCHEMA IF NOT EXISTS %I', n.nspname)"]
			})} FROM pg_namespace n WHERE ${inSpace("n")} AND ${own("pg_namespace", "n.oid")}`
		},
		{
			name: "extensions",
			text: `${select("'extension'", "pg_extension", "e.oid", {
				label: "format('EXTENSION %I', e.extname)",
				ddl: ["format('CREATE EXTENSION IF NOT EXISTS %I WITH SCHEMA %I VERSION %L', e.extname, n.nspname, e.extversion)"]
			})} FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace`
		},
		{
			name: "types",
			text: `${select("CASE t.typtype WHEN 'd' THEN 'domain' ELSE 'type' END", "pg_type", "t.oid", {
				label: "format('%s %I.%I', CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, n.nspname, t.typname)",
				owner: "t.typowner",
				ddl: [`CASE t.typtype
            WHEN 'e' THEN format('CREATE TYPE %I.%I AS ENUM (%s)', n.nspname, t.typname,
              (SELECT string_agg(quote_literal(l.enumlabel), ', ' ORDER BY l.enumsortorder) FROM pg_enum l WHERE l.enumtypid = t.oid))
            WHEN 'd' THEN concat(format('CREATE DOMAIN %I.%I AS %s', n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod)),
              ${collationOf("t.typcollation", "b.typcollation")}, ' DEFAULT ' || coalesce(pg_get_expr(t.typdefaultbin, 0), quote_literal(t.typdefault)),
              CASE WHEN t.typnotnull THEN coalesce((SELECT format(' CONSTRAINT %I NOT NULL', c.conname) FROM pg_constraint c
                WHERE c.contypid = t.oid AND c.contype = 'n'), ' NOT NULL') END)
            WHEN 'c' THEN format('CREATE TYPE %I.%I AS (%s)', n.nspname, t.typname,
              (SELECT string_agg(concat(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ${collationOf("a.attcollation", "y.typcollation")}), ', ' ORDER BY a.attnum)
               FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped))
            WHEN 'r' THEN (SELECT concat(format('CREATE TYPE %I.%I AS RANGE (SUBTYPE = %s, SUBTYPE_OPCLASS = %I.%I', n.nspname, t.typname,
                format_type(g.rngsubtype, NULL), oc.nspname, o.opcname),
              (SELECT format(', COLLATION = %I.%I', cn.nspname, co.collname) FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = g.rngcollation),
              ', SUBTYPE_DIFF = ' || nullif(g.rngsubdiff::regproc::text, '-'),
              (SELECT format(', MULTIRANGE_TYPE_NAME = %I.%I', mn.nspname, m.typname) FROM pg_type m JOIN pg_namespace mn ON mn.oid = m.typnamespace WHERE m.oid = g.rngmultitypid), ')')
              FROM pg_range g JOIN pg_opclass o ON o.oid = g.rngsubopc JOIN pg_namespace oc ON oc.oid = o.opcnamespace WHERE g.rngtypid = t.oid)
          END`]
			})} FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_type b ON b.oid = t.typbasetype
        WHERE ${inSpace("n")} AND (t.typtype IN ('d', 'e', 'r') OR t.typtype = 'c' AND (SELECT c.relkind FROM pg_class c WHERE c.oid = t.typrelid) = 'c')
        AND ${own("pg_type", "t.oid")}`
		},
		{
			name: "functions",
			text: `${select("'function'", "pg_proc", "p.oid", {
				label: "format('%s %I.%I(%s)', CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, n.nspname, p.proname, pg_get_function_identity_arguments(p.oid))",
				owner: "p.proowner",
				ddl: ["pg_get_functiondef(p.oid)"]
			})} FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE ${inSpace("n")} AND p.prokind <> 'a' AND ${own("pg_proc", "p.oid", true)}`
		},
		{
			name: "aggregates",
			text: AGGREGATES
		},
		{
			name: "collations",
			text: `${select("'collation'", "pg_collation", "c.oid", {
				label: "format('COLLATION %I.%I', n.nspname, c.collname)",
				owner: "c.collowner",
				ddl: [`concat(format('CREATE COLLATION %I.%I (PROVIDER = %s', n.nspname, c.collname, CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END),
            CASE WHEN c.collprovider = 'c' THEN format(', LC_COLLATE = %L, LC_CTYPE = %L', c.collcollate, c.collctype)
            ELSE format(', LOCALE = %L', coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale', c.collcollate::text)) END,
            CASE WHEN NOT c.collisdeterministic THEN ', DETERMINISTIC = false' END,
            ', RULES = ' || quote_literal(to_jsonb(c) ->> 'collicurules'), ')')`]
			})} FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace WHERE ${inSpace("n")} AND ${own("pg_collation", "c.oid")}`
		},
		{
			name: "operators",
			text: `${select("'operator'", "pg_operator", "o.oid", {
				label: `format('OPERATOR %I.%s (%s, %s)', n.nspname, o.oprname, CASE o.oprleft WHEN 0 THEN 'NONE' ELSE format_type(o.oprleft, NULL) END, format_type(o.oprright, NULL))`,
				owner: "o.oprowner",
				ddl: [`concat(format('CREATE OPERATOR %I.%s (FUNCTION = %s', n.nspname, o.oprname, o.oprcode::regproc),
            ', LEFTARG = ' || CASE WHEN o.oprleft <> 0 THEN format_type(o.oprleft, NULL) END,
            ', RIGHTARG = ' || CASE WHEN o.oprright <> 0 THEN format_type(o.oprright, NULL) END,
            (SELECT format(', COMMUTATOR = OPERATOR(%I.%s)', k.nspname, m.oprname) FROM pg_operator m JOIN pg_namespace k ON k.oid = m.oprnamespace WHERE m.oid = o.oprcom),
            (SELECT format(', NEGATOR = OPERATOR(%I.%s)', k.nspname, m.oprname) FROM pg_operator m JOIN pg_namespace k ON k.oid = m.oprnamespace WHERE m.oid = o.oprnegate),
            ', RESTRICT = ' || nullif(o.oprrest::regproc::text, '-'), ', JOIN = ' || nullif(o.oprjoin::regproc::text, '-'),
            CASE WHEN o.oprcanhash THEN ', HASHES' END, CASE WHEN o.oprcanmerge THEN ', MERGES' END, ')')`]
			})} FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE ${inSpace("n")} AND o.oprcode <> 0 AND ${own("pg_operator", "o.oid")}`
		},
		{
			name: "casts",
			text: `${select("'cast'", "pg_cast", "c.oid", {
				label: "format('CAST (%s AS %s)', format_type(c.castsource, NULL), format_type(c.casttarget, NULL))",
				ddl: [`concat(format('CREATE CAST (%s AS %s) ', format_type(c.castsource, NULL), format_type(c.casttarget, NULL)),
            CASE c.castmethod WHEN 'f' THEN 'WITH FUNCTION ' || c.castfunc::regprocedure WHEN 'i' THEN 'WITH INOUT' ELSE 'WITHOUT FUNCTION' END,
            CASE c.castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' END)`]
			})} FROM pg_cast c WHERE c.oid >= 16384 AND ${own("pg_cast", "c.oid", true)}`
		},
		{
			name: "dictionaries",
			text: `${select("'dictionary'", "pg_ts_dict", "d.oid", {
				label: "format('TEXT SEARCH DICTIONARY %I.%I', n.nspname, d.dictname)",
				owner: "d.dictowner",
				ddl: [`concat(format('CREATE TEXT SEARCH DICTIONARY %I.%I (TEMPLATE = %I.%I', n.nspname, d.dictname, tn.nspname, t.tmplname), ', ' || d.dictinitoption, ')')`]
			})} FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace JOIN pg_ts_template t ON t.oid = d.dicttemplate
        JOIN pg_namespace tn ON tn.oid = t.tmplnamespace WHERE ${inSpace("n")} AND ${own("pg_ts_dict", "d.oid")}`
		},
		{
			name: "configurations",
			text: `${select("'configuration'", "pg_ts_config", "c.oid", {
				label: "format('TEXT SEARCH CONFIGURATION %I.%I', n.nspname, c.cfgname)",
				owner: "c.cfgowner",
				ddl: ["format('CREATE TEXT SEARCH CONFIGURATION %I.%I (PARSER = %I.%I)', n.nspname, c.cfgname, pn.nspname, p.prsname)"],
				more: `ARRAY(SELECT format('ALTER TEXT SEARCH CONFIGURATION %I.%I ADD MAPPING FOR %I WITH %s', n.nspname, c.cfgname, k.alias,
            string_agg(m.mapdict::regdictionary::text, ', ' ORDER BY m.mapseqno))
          FROM pg_ts_config_map m JOIN ts_token_type(c.cfgparser) k ON k.tokid = m.maptokentype WHERE m.mapcfg = c.oid GROUP BY k.tokid, k.alias ORDER BY k.tokid)`
			})} FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace JOIN pg_ts_parser p ON p.oid = c.cfgparser
        JOIN pg_namespace pn ON pn.oid = p.prsnamespace WHERE ${inSpace("n")} AND ${own("pg_ts_config", "c.oid")}`
		}
	];
}
function modify(column) {
	return `CASE ${column} WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END`;
}
var AGGREGATES;
var init_objects_types = __esmMin(() => {
	init_objects_sql();
	AGGREGATES = `${select("'aggregate'", "pg_proc", "p.oid", {
		label: "format('AGGREGATE %I.%I(%s)', n.nspname, p.proname, coalesce(nullif(pg_get_function_identity_arguments(p.oid), ''), '*'))",
		owner: "p.proowner",
		ddl: [`concat(format('CREATE AGGREGATE %I.%I(%s) (SFUNC = %s, STYPE = %s', n.nspname, p.proname,
        coalesce(nullif(pg_get_function_arguments(p.oid), ''), '*'), a.aggtransfn, format_type(a.aggtranstype, NULL)),
      ', SSPACE = ' || nullif(a.aggtransspace, 0),
      ', FINALFUNC = ' || nullif(a.aggfinalfn::text, '-'), CASE WHEN a.aggfinalextra THEN ', FINALFUNC_EXTRA' END,
      ', FINALFUNC_MODIFY = ' || CASE WHEN a.aggfinalfn <> 0 THEN ${modify("a.aggfinalmodify")} END,
      ', COMBINEFUNC = ' || nullif(a.aggcombinefn::text, '-'), ', SERIALFUNC = ' || nullif(a.aggserialfn::text, '-'),
      ', DESERIALFUNC = ' || nullif(a.aggdeserialfn::text, '-'), ', INITCOND = ' || quote_literal(a.agginitval),
      ', MSFUNC = ' || nullif(a.aggmtransfn::text, '-'), ', MINVFUNC = ' || nullif(a.aggminvtransfn::text, '-'),
      ', MSTYPE = ' || CASE WHEN a.aggmtranstype <> 0 THEN format_type(a.aggmtranstype, NULL) END, ', MSSPACE = ' || nullif(a.aggmtransspace, 0),
      ', MFINALFUNC = ' || nullif(a.aggmfinalfn::text, '-'), CASE WHEN a.aggmfinalextra THEN ', MFINALFUNC_EXTRA' END,
      ', MFINALFUNC_MODIFY = ' || CASE WHEN a.aggmfinalfn <> 0 THEN ${modify("a.aggmfinalmodify")} END,
      ', MINITCOND = ' || quote_literal(a.aggminitval),
      (SELECT format(', SORTOP = OPERATOR(%I.%s)', k.nspname, o.oprname) FROM pg_operator o JOIN pg_namespace k ON k.oid = o.oprnamespace WHERE o.oid = a.aggsortop),
      CASE p.proparallel WHEN 's' THEN ', PARALLEL = SAFE' WHEN 'r' THEN ', PARALLEL = RESTRICTED' END,
      CASE WHEN a.aggkind = 'h' THEN ', HYPOTHETICAL' END, ')')`]
	})} FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_aggregate a ON a.aggfnoid = p.oid
  WHERE ${inSpace("n")} AND ${own("pg_proc", "p.oid")}`;
});
// ../../adapters/postgres/src/objects.ts
/** One query for each kind of thing. To be sent in a transaction whose search path is empty, so that every name shows its schema. */
function schemaQueries(books, version) {
	return allQueries(books, version).map(({ text }) => text);
}
function allQueries(books, version) {
	return [
		...typeQueries(),
		...tableQueries(books, version),
		...attachedQueries(books),
		...attributeQueries(books)
	];
}
/** Puts the answers together. Throws when what is found depends on itself. */
function readSchema(books, version, answers) {
	const byName = new Map(allQueries(books, version).map(({ name }, index) => [name, answers[index]?.rows ?? []]));
	const rows = (name) => byName.get(name) ?? [];
	const attributes = /* @__PURE__ */ new Set([
		"grants",
		"default grants",
		"comments",
		"database",
		"dependencies",
		"aliases",
		"unfit"
	]);
	const { ordered, labelOf } = inOrder([...byName].flatMap(([name, found]) => attributes.has(name) ? [] : found.map(toNode)), rows("dependencies"), rows("aliases"));
	const [database] = rows("database");
	return {
		schema: {
			objects: ordered.map(({ kind, label, owner, ddl }) => ({
				kind,
				label,
				owner,
				ddl
			})),
			granted: rows("grants").map(({ target, owner, items }) => ({
				target: target ?? "",
				owner: owner ?? "",
				grants: asRows(items)
			})),
			defaults: rows("default grants").map(({ role, schema, what, items }) => ({
				role: role ?? "",
				schema: schema ?? null,
				what: what ?? "",
				grants: asRows(items)
			})),
			comments: rows("comments").flatMap((row) => commentOf(row, labelOf)),
			database: {
				owner: database?.["owner"] ?? "",
				grants: isList(database?.["items"]) ? asRows(database["items"]) : null,
				comment: database?.["comment"] ?? null,
				settings: asRows(database?.["settings"])
			}
		},
		unfit: rows("unfit").map(({ type, identity, why }) => ({
			type: type ?? "",
			identity: identity ?? "",
			why: why ?? ""
		}))
	};
}
function toNode(row) {
	return {
		kind: row["kind"] ?? "",
		key: `${row["class"] ?? ""}:${row["oid"] ?? ""}`,
		oid: row["oid"] ?? "",
		label: row["label"] ?? "",
		owner: row["owner"] ?? null,
		ddl: asRows(row["ddl"]),
		parents: asRows(row["parents"]).map(String)
	};
}
/** Comments on what is not in the schema, such as Detent's own tables, are left out. */
function commentOf(row, labelOf) {
	const { type, identity, description } = row;
	const found = labelOf(`${row["class"] ?? ""}:${row["oid"] ?? ""}`);
	if (found === null || type === null || type === void 0) return [];
	return [[row["sub"] === "0" && found.exact ? found.label : commentTarget(type, identity ?? ""), description ?? ""]];
}
function commentTarget(type, identity) {
	switch (type) {
		case "table column":
		case "view column":
		case "materialized view column":
		case "composite type column": return `COLUMN ${identity}`;
		default: return `${type.toUpperCase()} ${identity}`;
	}
}
var init_objects = __esmMin(() => {
	init_objects_rows();
	init_objects_attached();
	init_objects_attributes();
	init_objects_order();
	init_objects_tables();
	init_objects_types();
});
// ../../adapters/postgres/src/backup-check.ts
/** Everything that stands in the way of a backup, or of putting it back. In a transaction with `FIXED_TEXT`. */
async function obstacles(link, method, ask, folder) {
	const inFolder = await folderObstacles(folder);
	const books = await link.books();
	const { versionNumber, encoding } = await link.greeting();
	const [tables, facts] = await ask(tablesSql$1(books), FACTS);
	const row = facts?.rows[0];
	const found = [...inFolder];
	if (inFolder.length === 0) found.push(...spaceObstacle(folder, Number(row?.["size"] ?? 0)));
	if (row?.["standby"] === "t") found.push("The server is a standby, into which nothing can be restored.");
	if (encoding === "SQL_ASCII") found.push("The encoding of the database, SQL_ASCII, does not say what its texts are, so they cannot be kept exactly.");
	for (const { name, isReadable } of readTables(tables)) if (!isReadable) found.push(`This user may not read every row of ${name}: it lacks the privilege, or row security hides some.`);
	let schema;
	try {
		schema = readSchema(books, versionNumber, await ask(...schemaQueries(books, versionNumber)));
	} catch (error) {
		return [...found, `The schema cannot be put in an order: ${error instanceof Error ? error.message : String(error)}.`];
	}
	for (const { type, identity, why } of schema.unfit) found.push(`The ${type} ${identity} cannot be kept: ${why}.`);
	found.push(...await method.obstacles(ask, schema.schema));
	found.push(...await ownerObstacles(ask, schema, row?.["superuser"] === "t"));
	const locks = Number(row?.["locks"] ?? 0);
	const needed = 2 * schema.schema.objects.filter(({ kind }) => LOCKED$1.has(kind)).length;
	if (needed > locks) found.push(`A restore would take about ${needed} locks, and the server has room for ${locks}: raise max_locks_per_transaction.`);
	return found;
}
async function folderObstacles(folder) {
	const stats = await stat(folder).catch(() => null);
	if (stats === null) return [`The folder for backups, ${folder}, does not exist.`];
	if (!stats.isDirectory()) return [`${folder} is not a folder.`];
	return await access(folder, constants$1.W_OK).then(() => true, () => false) ? [] : [`This user may not write to the folder for backups, ${folder}.`];
}
function spaceObstacle(folder, size) {
	const needed = Math.ceil(size * ROOM);
	try {
		const { bavail, bsize } = statfsSync(folder);
		const free = bavail * bsize;
		return free < needed ? [`The disk of ${folder} has ${mebibytes(free)} left; the backup needs ${mebibytes(needed)}.`] : [];
	} catch {
		return [];
	}
}
function mebibytes(bytes) {
	return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
/** Whoever restores must be able to take away and give back what others own. */
async function ownerObstacles(ask, { schema }, isSuperuser) {
	if (isSuperuser) return [];
	const found = [];
	for (const { kind, label } of schema.objects) if (kind === "event trigger") found.push(`Only a superuser can restore the ${label.toLowerCase()}.`);
	const owned = schema.objects.filter(({ kind, owner }) => owner !== null && kind !== "schema");
	const owners = [...new Set(owned.map(({ owner }) => owner ?? ""))];
	if (owners.length === 0) return found;
	const [answer] = await ask(`SELECT o AS owner FROM unnest(ARRAY[${owners.map(literal).join(", ")}]::text[]) o WHERE NOT pg_has_role(current_user, o::regrole, 'USAGE')`);
	for (const { owner } of answer?.rows ?? []) {
		const example = owned.find((object) => object.owner === owner)?.label ?? "";
		found.push(`This user could not restore what belongs to ${owner ?? ""}, such as ${example}: it is no member of that role.`);
	}
	return found;
}
var ROOM, LOCKED$1, FACTS;
var init_backup_check = __esmMin(() => {
	init_data_tables();
	init_inline();
	init_objects();
	ROOM = 1.2;
	LOCKED$1 = /* @__PURE__ */ new Set([
		"table",
		"sequence",
		"view",
		"materialized view",
		"index",
		"key",
		"large object",
		"type",
		"function"
	]);
	FACTS = "SELECT pg_database_size(current_database()) AS size, pg_is_in_recovery() AS standby, current_setting('is_superuser') = 'on' AS superuser, current_setting('max_locks_per_transaction')::bigint * (current_setting('max_connections')::bigint + current_setting('max_prepared_transactions')::bigint) AS locks";
});
// ../../adapters/postgres/src/catalogue.ts
var CATALOGUE;
var init_catalogue = __esmMin(() => {
	CATALOGUE = `
spaces AS (
  SELECT n.oid, n.nspname FROM pg_namespace n
  WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')
),
foreigners AS (
  SELECT d.classid, d.objid FROM pg_depend d WHERE d.deptype = 'e'
),
rels AS (
  SELECT c.*, s.nspname FROM pg_class c JOIN spaces s ON s.oid = c.relnamespace
  WHERE NOT EXISTS (SELECT 1 FROM foreigners f WHERE f.classid = 'pg_class'::regclass AND f.objid = c.oid)
  AND NOT EXISTS (SELECT 1 FROM own o WHERE o.oid = c.oid)
  AND c.relpersistence <> 't'
),
lines (line) AS (
  SELECT concat_ws('|', 'schema', nspname) FROM spaces WHERE nspname <> 'public'
  UNION ALL
  SELECT concat_ws('|', 'extension', e.extname, n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
  UNION ALL
  SELECT concat_ws('|', 'relation', nspname, relname, relkind, relpersistence, relrowsecurity, relforcerowsecurity,
    relreplident, array_to_string(reloptions, ','),
    CASE WHEN relispartition THEN pg_get_expr(relpartbound, oid) END,
    CASE WHEN relkind = 'p' THEN pg_get_partkeydef(oid) END,
    CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(oid) END,
    (SELECT a.amname FROM pg_am a WHERE a.oid = rels.relam AND rels.relkind IN ('r', 'm') AND a.amname <> 'heap'),
    CASE WHEN reloftype <> 0 THEN reloftype::regtype::text END)
  FROM rels WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
  UNION ALL
  SELECT concat_ws('|', 'parent', r.nspname, r.relname, i.inhseqno, i.inhparent::regclass)
  FROM pg_inherits i JOIN rels r ON r.oid = i.inhrelid WHERE r.relkind IN ('r', 'p', 'f')
  UNION ALL
  SELECT concat_ws('|', 'column', r.nspname, r.relname,
    (SELECT count(*) FROM pg_attribute b WHERE b.attrelid = a.attrelid AND b.attnum BETWEEN 1 AND a.attnum AND NOT b.attisdropped),
    a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
    CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END,
    CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage::text END,
    nullif(a.attstattarget, -1), array_to_string(a.attoptions, ','), pg_get_expr(d.adbin, d.adrelid))
  FROM pg_attribute a JOIN rels r ON r.oid = a.attrelid AND r.relkind IN ('r', 'p', 'f', 'c')
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT concat_ws('|', 'constraint', n.nspname, coalesce(r.relname, t.typname), c.conname, c.contype, c.convalidated,
    pg_get_constraintdef(c.oid))
  FROM pg_constraint c JOIN spaces n ON n.oid = c.connamespace
  LEFT JOIN rels r ON r.oid = c.conrelid LEFT JOIN pg_type t ON t.oid = c.contypid
  WHERE (c.conrelid = 0 OR r.oid IS NOT NULL) AND c.contype NOT IN ('t', 'n')
  UNION ALL
  SELECT concat_ws('|', 'index', r.nspname, r.relname, i.indexrelid::regclass, pg_get_indexdef(i.indexrelid),
    i.indisreplident, i.indisclustered)
  FROM pg_index i JOIN rels r ON r.oid = i.indrelid WHERE i.indisvalid AND r.relkind IN ('r', 'p', 'm')
  UNION ALL
  SELECT concat_ws('|', 'sequence', r.nspname, r.relname, r.relpersistence, format_type(q.seqtypid, NULL), q.seqstart,
    q.seqincrement, q.seqmax, q.seqmin, q.seqcache, q.seqcycle,
    (SELECT d.refobjid::regclass || '.' || a.attname FROM pg_depend d
     JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
     WHERE d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0))
  FROM pg_sequence q JOIN rels r ON r.oid = q.seqrelid
  UNION ALL
  SELECT concat_ws('|', 'trigger', r.nspname, r.relname, t.tgenabled, pg_get_triggerdef(t.oid))
  FROM pg_trigger t JOIN rels r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal AND t.tgparentid = 0
  UNION ALL
  SELECT concat_ws('|', 'rule', r.nspname, r.relname, w.ev_enabled, pg_get_ruledef(w.oid))
  FROM pg_rewrite w JOIN rels r ON r.oid = w.ev_class WHERE w.rulename <> '_RETURN'
  UNION ALL
  SELECT concat_ws('|', 'policy', r.nspname, r.relname, p.polname, p.polcmd, p.polpermissive,
    (SELECT string_agg(CASE WHEN x = 0 THEN 'public' ELSE x::regrole::text END, ',' ORDER BY x::regrole::text) FROM unnest(p.polroles) x),
    pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
  FROM pg_policy p JOIN rels r ON r.oid = p.polrelid
  UNION ALL
  SELECT concat_ws('|', 'statistics', s.nspname, x.stxname, pg_get_statisticsobjdef(x.oid), to_jsonb(x) ->> 'stxstattarget')
  FROM pg_statistic_ext x JOIN spaces s ON s.oid = x.stxnamespace
  UNION ALL
  SELECT concat_ws('|', 'function', s.nspname, p.oid::regprocedure,
    CASE WHEN p.prokind = 'a' THEN (SELECT concat_ws(',', a.aggkind, a.aggtransfn, a.aggfinalfn, a.aggcombinefn,
      a.aggtranstype::regtype, a.agginitval, a.aggsortop::regoperator) FROM pg_aggregate a WHERE a.aggfnoid = p.oid)
    ELSE pg_get_functiondef(p.oid) END)
  FROM pg_proc p JOIN spaces s ON s.oid = p.pronamespace
  WHERE NOT EXISTS (SELECT 1 FROM foreigners f WHERE f.classid = 'pg_proc'::regclass AND f.objid = p.oid)
  UNION ALL
  SELECT concat_ws('|', 'type', s.nspname, t.typname, t.typtype, t.typnotnull, t.typdefault,
    CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END,
    CASE WHEN t.typtype = 'd' AND t.typcollation <> 0 THEN t.typcollation::regcollation::text END,
    (SELECT string_agg(quote_literal(e.enumlabel), ',' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid),
    (SELECT concat_ws(',', g.rngsubtype::regtype, g.rngsubopc, g.rngcollation) FROM pg_range g WHERE g.rngtypid = t.oid))
  FROM pg_type t JOIN spaces s ON s.oid = t.typnamespace
  WHERE t.typtype IN ('d', 'e', 'r') AND NOT EXISTS (SELECT 1 FROM foreigners f WHERE f.classid = 'pg_type'::regclass AND f.objid = t.oid)
  UNION ALL
  SELECT concat_ws('|', 'operator', o.oid::regoperator, o.oprcode, o.oprrest, o.oprjoin, o.oprcanmerge, o.oprcanhash)
  FROM pg_operator o JOIN spaces s ON s.oid = o.oprnamespace
  WHERE NOT EXISTS (SELECT 1 FROM foreigners f WHERE f.classid = 'pg_operator'::regclass AND f.objid = o.oid)
  UNION ALL
  SELECT concat_ws('|', 'collation', s.nspname, c.collname, c.collprovider, c.collisdeterministic, c.collcollate, c.collctype)
  FROM pg_collation c JOIN spaces s ON s.oid = c.collnamespace
  WHERE NOT EXISTS (SELECT 1 FROM foreigners f WHERE f.classid = 'pg_collation'::regclass AND f.objid = c.oid)
  UNION ALL
  SELECT concat_ws('|', 'cast', c.castsource::regtype, c.casttarget::regtype, c.castfunc::regprocedure, c.castcontext, c.castmethod)
  FROM pg_cast c WHERE c.oid >= 16384
  AND NOT EXISTS (SELECT 1 FROM foreigners f WHERE f.classid = 'pg_cast'::regclass AND f.objid = c.oid)
  UNION ALL
  SELECT concat_ws('|', 'event trigger', e.evtname, e.evtevent, e.evtenabled, e.evtfoid::regprocedure, array_to_string(e.evttags, ','))
  FROM pg_event_trigger e
  WHERE NOT EXISTS (SELECT 1 FROM foreigners f WHERE f.classid = 'pg_event_trigger'::regclass AND f.objid = e.oid)
  UNION ALL
  SELECT concat_ws('|', 'publication', p.pubname, p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate,
    (SELECT string_agg(q.prrelid::regclass::text, ',' ORDER BY q.prrelid::regclass::text) FROM pg_publication_rel q WHERE q.prpubid = p.oid))
  FROM pg_publication p
  UNION ALL
  SELECT concat_ws('|', 'foreign', f.ftrelid::regclass, v.srvname, array_to_string(f.ftoptions, ','))
  FROM pg_foreign_table f JOIN pg_foreign_server v ON v.oid = f.ftserver
)`;
});
// ../../adapters/postgres/src/fingerprint.ts
/**
* `sha256:<hex>` of everything in the schema except what PostgreSQL, extensions and Detent keep for themselves. The server
* gathers and hashes it, so that only the hash travels. Names stand for numbers, and order is by text, so that two equal
* schemas agree whatever their history; the search path is empty meanwhile, so that every name shows its schema.
*/
async function schemaFingerprint(link, inTransaction) {
	const { schema, own } = await link.books();
	const query = fingerprintSql(schema, own);
	return `sha256:${(inTransaction ? await link.ask("SAVEPOINT detent_look", ...EMPTY_PATH, query, "ROLLBACK TO SAVEPOINT detent_look", "RELEASE SAVEPOINT detent_look") : await link.ask("BEGIN", ...EMPTY_PATH, query, "ROLLBACK")).map((answer) => answer.rows[0]?.["fingerprint"] ?? null).find((found) => found !== null) ?? ""}`;
}
/** One SELECT of the fingerprint, for a transaction whose search path is empty. */
function fingerprintSql(schema, own) {
	const mine = own.map(literal).join(", ");
	return `WITH own AS (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ${literal(schema)} AND c.relname IN (${mine})), ${CATALOGUE} SELECT encode(sha256(convert_to(coalesce(string_agg(line, E'\\n' ORDER BY line COLLATE "C"), ''), 'UTF8')), 'hex') AS fingerprint FROM lines`;
}
var EMPTY_PATH;
var init_fingerprint = __esmMin(() => {
	init_inline();
	init_catalogue();
	EMPTY_PATH = ["SET LOCAL search_path = ''", "SET LOCAL lock_timeout = 0"];
});
// ../../adapters/postgres/src/sums.ts
/** In a transaction with `FIXED_TEXT`. By name; the large objects last, where there are any. */
async function contentSums(ask, books) {
	const [answer] = await ask(tablesSql$1(books));
	return sumsOf(ask, readTables(answer));
}
/** The server hashes each row and adds the hashes up, so that the order of rows does not matter and only sums travel. */
async function sumsOf(ask, tables) {
	const users = tables.filter(({ kind }) => kind === "user");
	const sums = [];
	for (let at = 0; at < users.length; at += TOGETHER) {
		const some = users.slice(at, at + TOGETHER);
		const answers = await ask(...some.map(({ qualified, texts }) => sumSql(qualified, texts)));
		some.forEach(({ name }, index) => sums.push(readSum(name, answers[index])));
	}
	const [objects] = await ask(OBJECTS_SUM);
	const large = readSum("large objects", objects);
	return large.rows === 0 ? sums : [...sums, large];
}
/** `texts`: of the columns of a row `x`. */
function sumSql(qualified, texts) {
	return hashes(texts, `ONLY ${qualified} AS x`, "count(*)");
}
function readSum(name, answer) {
	const row = answer?.rows[0];
	return {
		name,
		rows: Number(row?.["rows"] ?? 0),
		checksum: `hash:${row?.["a"] ?? "0"}:${row?.["b"] ?? "0"}`
	};
}
/** Each column is hashed with a seed of its own, and the hashes of a row in two ways, each added up in 128 bits. */
function hashes(texts, from, rows) {
	return `SELECT ${rows} AS rows, sum(hash_array_extended(line, 0)) AS a, sum(hash_array_extended(line, 7140072)) AS b FROM (${`SELECT ARRAY[${texts.map((text, index) => `hashtextextended(${text} COLLATE "C", ${index + 1})`).join(", ")}]::bigint[] AS line FROM ${from} OFFSET 0`}) AS lines`;
}
var TOGETHER, PAGE$1, FIXED_TEXT, OBJECT_PAGES, OBJECTS_SUM;
var init_sums = __esmMin(() => {
	init_data_tables();
	TOGETHER = 32;
	PAGE$1 = 1 << 20;
	FIXED_TEXT = Object.entries({
		search_path: "",
		datestyle: "ISO, YMD",
		intervalstyle: "postgres",
		timezone: "UTC",
		bytea_output: "hex",
		extra_float_digits: "3",
		lc_monetary: "C",
		xmloption: "content",
		quote_all_identifiers: "off",
		array_nulls: "on",
		row_security: "off",
		statement_timeout: "0",
		idle_in_transaction_session_timeout: "0"
	}).map(([name, value]) => `SET LOCAL ${name} = '${value}'`);
	OBJECT_PAGES = `SELECT s.oid, p.at, pg_catalog.lo_get(s.oid, p.at, ${PAGE$1}) AS data FROM (SELECT l.oid, lo_lseek64(f.fd, 0, 2) AS size, lo_close(f.fd) FROM pg_largeobject_metadata l, LATERAL (SELECT lo_open(l.oid, 262144) AS fd OFFSET 0) f OFFSET 0) s, LATERAL (SELECT n * ${PAGE$1}::bigint AS at FROM generate_series(0, (s.size - 1) / ${PAGE$1}) n WHERE s.size > 0) p`;
	OBJECTS_SUM = hashes([
		"x.oid::text",
		"x.at::text",
		"encode(x.data, 'hex')"
	], `(${OBJECT_PAGES}) AS x`, "(SELECT count(*) FROM pg_largeobject_metadata)");
});
// ../../adapters/postgres/src/dump.ts
/**
* Reads the whole database as one snapshot sees it. A snapshot alone is not enough: a TRUNCATE or a rewrite of a table
* after it leaves the table empty in it, and definitions are read as they are now. So every table is locked against changes
* right after it, and what the snapshot says of the schema is compared with what everybody sees.
*/
async function dump(settings, keeper) {
	const { ask, books, version, lockMs, signal, fingerprintNow } = settings;
	await ask("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", ...FIXED_TEXT, `SET LOCAL lock_timeout = ${lockMs}`);
	const first = readTables((await ask(tablesSql$1(books)))[0]);
	const [locked] = await ask(lockableSql(books));
	const names = (locked?.rows ?? []).map(({ name }) => name ?? "");
	const locks = names.length === 0 ? [] : [`LOCK TABLE ONLY ${names.join(", ONLY ")} IN ACCESS SHARE MODE`];
	if (locks.length > 0) await ask(...locks);
	const tables = readTables((await ask(tablesSql$1(books)))[0]);
	const replaced = tables.filter(({ isReplaced }) => isReplaced);
	if (first.length !== tables.length || replaced.length > 0) throw new SchemaMoved(`${replaced[0]?.name ?? "a table"} was truncated or rewritten meanwhile`);
	const fingerprint = `sha256:${valueOf((await ask(fingerprintSql(books.schema, books.own)))[0]) ?? ""}`;
	const user = valueOf((await ask("SELECT current_user::regrole::text"))[0]) ?? "";
	const { schema, unfit } = readSchema(books, version, await ask(...schemaQueries(books, version)));
	const [reason] = unfit;
	if (reason !== void 0) throw new Error(`${reason.type} ${reason.identity} cannot be kept: ${reason.why}`);
	const contents = {
		schema,
		tables,
		user
	};
	await keeper.begin(contents);
	const [rows, objects] = await rowsAndSums(settings, keeper, contents, locks);
	for (const { name, rows: counted } of objects) {
		const copied = rows.get(name);
		if (copied !== void 0 && copied !== counted) throw new Error(`${name} has ${counted} rows, and ${copied} of them were copied`);
	}
	signal?.throwIfAborted();
	await keeper.end(await sequencesOf(ask, schema.objects));
	await ask("COMMIT");
	if (await fingerprintNow() !== fingerprint) throw new SchemaMoved("others changed the schema meanwhile");
	return {
		contents,
		fingerprint,
		objects,
		rows: [...rows.values()].reduce((sum, count) => sum + count, 0)
	};
}
/** How many rows of each table were kept, and what the server counts and sums up. */
async function rowsAndSums({ ask, aside }, keeper, contents, locks) {
	const { tables } = contents;
	const snapshot = aside !== null || keeper.needsSnapshot ? valueOf((await ask("SELECT pg_export_snapshot()"))[0]) : null;
	if (aside === null || snapshot === null || !await aside.join(snapshot, locks)) return [await keeper.rows(contents, snapshot), await sumsOf(ask, tables)];
	try {
		const summing = aside.sums(tables);
		summing.catch(() => void 0);
		return [await keeper.rows(contents, snapshot), await summing];
	} finally {
		await aside.leave();
	}
}
/** Everything that a lock can be taken on. */
function lockableSql(books) {
	return `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND NOT EXISTS (SELECT 1 FROM pg_depend x WHERE x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e') AND c.oid IS DISTINCT FROM to_regclass('${books.history.tables.lock.replaceAll("'", "''")}') ORDER BY c.oid`;
}
async function sequencesOf(ask, objects) {
	const names = objects.filter(({ kind }) => kind === "sequence").map(({ label }) => label.slice(9));
	if (names.length === 0) return [];
	const answers = await ask(...names.map((name) => `SELECT last_value, is_called FROM ${name}`));
	return names.map((name, index) => {
		const row = answers[index]?.rows[0];
		return [
			name,
			row?.["last_value"] ?? "1",
			row?.["is_called"] === "t"
		];
	});
}
var SchemaMoved;
var init_dump = __esmMin(() => {
	init_data_tables();
	init_fingerprint();
	init_objects();
	init_sums();
	init_link();
	SchemaMoved = class extends Error {
		name = "SchemaMoved";
	};
});
// ../../adapters/postgres/src/file.ts
/** `sha256:<hex>` of a file, read through one block of memory. */
async function hashFile(path) {
	const digest = createHash("sha256");
	const block = Buffer.allocUnsafe(BLOCK$1);
	const file = await open(path, "r");
	try {
		for (;;) {
			const { bytesRead } = await file.read(block, 0, BLOCK$1, null);
			if (bytesRead === 0) return `sha256:${digest.digest("hex")}`;
			digest.update(block.subarray(0, bytesRead));
		}
	} finally {
		await file.close();
	}
}
/** After this, either the old name or the new one survives a power cut. */
async function renameDurably(from, to) {
	await rename(from, to);
	if (process.platform === "win32") return;
	const folder = await open(dirname(to), "r");
	try {
		await folder.sync();
	} finally {
		await folder.close();
	}
}
var BLOCK$1;
var init_file = __esmMin(() => {
	BLOCK$1 = 1 << 20;
});
// ../../adapters/postgres/src/backup-file.ts
/** `path` must not be there; nobody else may read it. */
async function createBackupFile(path) {
	const file = await open(path, "wx", 384);
	const digest = createHash("sha256");
	/** One is filled while the other is being written, so that memory does not grow with the backup. */
	let block = Buffer.allocUnsafe(BLOCK);
	let spare = Buffer.allocUnsafe(BLOCK);
	let filled = 0;
	let bytes = 0;
	let isOpen = false;
	let writing = Promise.resolve();
	const put = async (full) => {
		for (let at = 0; at < full.length;) at += (await file.write(full, at)).bytesWritten;
	};
	const flush = () => {
		const full = block.subarray(0, filled);
		digest.update(full);
		bytes += filled;
		filled = 0;
		[block, spare] = [spare, block];
		writing = put(full);
		writing.catch(() => void 0);
	};
	const copy = (piece) => {
		const fitting = piece.subarray(0, BLOCK - filled);
		block.set(fitting, filled);
		filled += fitting.length;
		return piece.subarray(fitting.length);
	};
	const addSlowly = async (piece) => {
		for (let rest = piece;; rest = copy(rest)) {
			if (filled === BLOCK) {
				await writing;
				flush();
			}
			if (rest.length === 0) return;
		}
	};
	const add = (piece) => {
		const rest = copy(piece);
		return filled === BLOCK ? addSlowly(rest) : void 0;
	};
	const end = async () => isOpen ? add(lengthOf$1(0)) : void 0;
	await add(Buffer.from(FORMAT));
	return {
		async section(header) {
			await end();
			isOpen = true;
			await add(Buffer.from(`${JSON.stringify(header)}\n`));
		},
		write(piece) {
			if (piece.length === 0) return void 0;
			const waiting = add(lengthOf$1(piece.length));
			return waiting === void 0 ? add(piece) : waiting.then(() => add(piece));
		},
		async finish() {
			await end();
			await writing;
			flush();
			await writing;
			await file.sync();
			await file.close();
			return {
				bytes,
				hash: `sha256:${digest.digest("hex")}`
			};
		},
		async abandon() {
			await writing.catch(() => void 0);
			await file.close().catch(() => void 0);
		}
	};
}
/** Throws for a file that is not a backup, or ends too early. */
async function* readSections(path) {
	const file = await open(path, "r");
	try {
		const read = byBlocks(file);
		if (await read.line() !== FORMAT.trimEnd()) throw new Error("it is not a backup of PostgreSQL made by Detent");
		for (let line = await read.line(); line !== null; line = await read.line()) {
			const pieces = piecesOf(read);
			yield {
				header: JSON.parse(line),
				pieces
			};
			for await (const _ of pieces) continue;
		}
	} finally {
		await file.close();
	}
}
/** The whole content of a section that holds JSON. */
async function jsonOf({ pieces }) {
	const found = [];
	for await (const piece of pieces) found.push(piece);
	return JSON.parse(Buffer.concat(found).toString("utf8"));
}
function byBlocks(file) {
	let block = Buffer.alloc(0);
	const fill = async (length) => {
		while (block.length < length) {
			const more = Buffer.allocUnsafe(Math.max(BLOCK, length - block.length));
			const { bytesRead } = await file.read(more, 0, more.length);
			if (bytesRead === 0) return false;
			block = block.length === 0 ? more.subarray(0, bytesRead) : Buffer.concat([block, more.subarray(0, bytesRead)]);
		}
		return true;
	};
	const cut = (length) => {
		const taken = block.subarray(0, length);
		block = block.subarray(length);
		return taken;
	};
	return {
		async line() {
			for (;;) {
				const end = block.indexOf(NEWLINE$1);
				if (end !== -1) return cut(end + 1).toString("utf8", 0, end);
				if (await fill(block.length + 1)) continue;
				if (block.length > 0) throw new Error("it ends too early");
				return null;
			}
		},
		async take(length) {
			if (!await fill(length)) throw new Error("it ends too early");
			return cut(length);
		}
	};
}
/** Iterated twice, it goes on where it stood. */
function piecesOf(read) {
	let ended = false;
	async function next() {
		if (!ended) {
			const length = (await read.take(4)).readUInt32BE(0);
			if (length > 0) return {
				done: false,
				value: await read.take(length)
			};
			ended = true;
		}
		return {
			done: true,
			value: void 0
		};
	}
	return { [Symbol.asyncIterator]: () => ({ next }) };
}
function lengthOf$1(length) {
	const bytes = Buffer.allocUnsafe(4);
	bytes.writeUInt32BE(length, 0);
	return bytes;
}
var FORMAT, NEWLINE$1, BLOCK;
var init_backup_file = __esmMin(() => {
	FORMAT = "detent-postgres-backup-1\n";
	NEWLINE$1 = 10;
	BLOCK = 1 << 20;
});
// ../../adapters/postgres/src/aside.ts
function createAside(link) {
	let summing = null;
	let isOver = false;
	const ask = (...texts) => {
		if (isOver) throw new Error("the backup is over");
		return link.ask(...texts);
	};
	return {
		async join(snapshot, locks) {
			try {
				const nowait = locks.map((lock) => `${lock} NOWAIT`);
				await link.ask("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", `SET TRANSACTION SNAPSHOT ${literal(snapshot)}`, ...FIXED_TEXT, ...nowait);
				return true;
			} catch (error) {
				if (!link.wire.isOpen) throw error;
				return false;
			}
		},
		sums(tables) {
			const sums = sumsOf(ask, tables);
			summing = sums.catch(() => void 0).then(() => summing = null);
			return sums;
		},
		async leave() {
			isOver = true;
			if (summing !== null) {
				const { pid } = await link.greeting();
				await (await link.beside())?.run(`SELECT pg_cancel_backend(${pid})`).catch(() => void 0);
				await summing;
			}
			if (link.wire.isOpen && link.wire.status !== "I") await link.wire.run("ROLLBACK").catch(() => void 0);
		}
	};
}
var init_aside = __esmMin(() => {
	init_inline();
	init_sums();
});
// ../../adapters/postgres/src/witness.ts
/**
* Whether this session has the database to itself, as a number that any other session would raise. The server counts a
* session at its first answer, and reports the count before a session that ends vanishes from pg_stat_activity; so a session
* that is not there any more has been counted. The count is asked for first where a time begins, and last where it ends.
*/
async function lookAround(ask, pids, end, version) {
	if (version < 14e4) return null;
	const counted = async () => {
		const row = (await ask(SESSIONS))[0]?.rows[0];
		return `${row?.["sessions"] ?? "?"} since ${row?.["reset"] ?? "ever"}`;
	};
	const others = async () => {
		return ((await ask(OTHERS))[0]?.rows ?? []).some(({ pid }) => !pids.includes(Number(pid)));
	};
	if (end === "ends" && await others()) return null;
	const count = await counted();
	return end === "begins" && await others() ? null : count;
}
/** The same count with so many sessions more, of which is known whose they were. */
function plusSessions(solitude, more) {
	return solitude.replace(/^\d+/, (count) => String(Number(count) + more));
}
/**
* Whether everything that the backup holds is still there as it was, whoever else is connected: each table with the columns
* that it had, and the same rows in them. What was added since is the run's own, whose lock keeps other runs away. In a
* transaction with `FIXED_TEXT`.
*/
async function isUntouched(link, books, manifest, { tables }) {
	const [answer] = await link.ask(tablesSql$1(books));
	const now = new Map(readTables(answer).map((table) => [table.name, table]));
	const told = new Map(manifest.objects.map((sum) => [sum.name, sum]));
	for (const table of tables) {
		if (table.kind !== "user") continue;
		const found = now.get(table.name);
		if (found === void 0 || !table.columns.every((column) => found.columns.includes(column))) return false;
		if (!await isSame(link, table, told.get(table.name))) return false;
	}
	return true;
}
async function isSame(link, { qualified, texts, name }, told) {
	const [answer] = await link.ask(sumSql(qualified, texts));
	return JSON.stringify(readSum(name, answer)) === JSON.stringify(told);
}
var SESSIONS, OTHERS;
var init_witness = __esmMin(() => {
	init_data_tables();
	init_sums();
	SESSIONS = "SELECT sessions, stats_reset AS reset FROM pg_catalog.pg_stat_database WHERE datname = current_database()";
	OTHERS = "SELECT pid FROM pg_catalog.pg_stat_activity WHERE datid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()) AND backend_type IS DISTINCT FROM 'autovacuum worker' AND (to_jsonb(pg_stat_activity) ->> 'leader_pid' IS NULL OR backend_type IS DISTINCT FROM 'parallel worker') UNION ALL SELECT 0 FROM pg_catalog.pg_prepared_xacts WHERE database = current_database()";
});
// ../../adapters/postgres/src/reader.ts
function lockMsOf(link) {
	return link.limits.lockMs || LOCK_MS;
}
/** The connection that a snapshot is read by: one of its own, where there can be one. */
async function readerOf(link) {
	return await link.beside() ?? link.wire;
}
/** The session itself, where it is free to sum while `wire` copies. */
async function asideOf(link, wire) {
	return wire === link.wire || (await link.greeting()).pooled ? null : createAside(link);
}
/** Whether nobody is here but this session and its reader; see `lookAround`. */
async function solitudeOf(link, end) {
	const wire = await readerOf(link);
	const { pid, pooled, versionNumber } = await link.greeting();
	const own = pooled ? [] : [pid, ...wire.startPid === null ? [] : [wire.startPid]];
	return lookAround(link.ask, own, end, versionNumber);
}
var LOCK_MS;
var init_reader = __esmMin(() => {
	init_aside();
	init_witness();
	LOCK_MS = 1e4;
});
// ../../adapters/postgres/src/attributes.ts
/** The commands that give the objects of one schema, which is there, the owners, grants, comments and settings of the other. */
function attributeChanges(live, wanted, database) {
	return [
		...ownerChanges(live, wanted),
		...grantChanges(live.granted, wanted.granted),
		...commentChanges(live, wanted),
		...databaseChanges(live.database, wanted.database, quoteIdent(postgres$1, database)),
		...wanted.defaults.flatMap(makeDefaults)
	];
}
/** Whatever is granted by default would be granted on everything that is made again. */
function clearDefaults(defaults) {
	return defaults.flatMap(({ role, schema, what, grants }) => {
		const prefix = `ALTER DEFAULT PRIVILEGES FOR ROLE ${role}${schema === null ? "" : ` IN SCHEMA ${schema}`}`;
		const revoked = [...new Set(grants.map(([, grantee]) => grantee))].map((grantee) => `${prefix} REVOKE ALL ON ${what} FROM ${grantee}`);
		if (schema !== null) return revoked;
		const builtIn = [`${prefix} GRANT ALL ON ${what} TO ${role}`];
		if (what === "FUNCTIONS") builtIn.push(`${prefix} GRANT EXECUTE ON FUNCTIONS TO PUBLIC`);
		if (what === "TYPES") builtIn.push(`${prefix} GRANT USAGE ON TYPES TO PUBLIC`);
		return [...revoked, ...builtIn];
	});
}
function ownerChanges(live, wanted) {
	const owners = new Map(live.objects.map(({ label, owner }) => [label, owner]));
	return wanted.objects.flatMap(({ label, owner, ddl, kind }) => {
		const follows = kind === "sequence" && ddl.some((text) => /^ALTER (?:TABLE|SEQUENCE .* OWNED BY)/.test(text));
		if (owner === null || owner === owners.get(label) || follows) return [];
		return [`ALTER ${label} OWNER TO ${owner}`];
	});
}
function grantChanges(live, wanted) {
	const there = new Map(live.map((granted) => [granted.target, granted]));
	const kept = new Set(wanted.map(({ target }) => target));
	return [...live.filter(({ target }) => !kept.has(target)).flatMap(({ target, owner, grants }) => [...revokeAll(target, owner, grants), ...builtInGrants(target, owner)]), ...wanted.flatMap(({ target, owner, grants }) => {
		const now = there.get(target);
		if (now !== void 0 && now.owner === owner && same(now.grants, grants)) return [];
		return [...revokeAll(target, owner, now?.grants ?? []), ...giveAll(target, owner, grants)];
	})];
}
function revokeAll(target, owner, grants) {
	return [.../* @__PURE__ */ new Set([
		"PUBLIC",
		owner,
		...grants.map(([, grantee]) => grantee)
	])].map((grantee) => `REVOKE ALL ${on(target)} FROM ${grantee} CASCADE`);
}
function giveAll(target, owner, grants) {
	return grants.flatMap(([grantor, grantee, privilege, grantable]) => {
		const give = `GRANT ${privilege} ${on(target)} TO ${grantee}${grantable ? " WITH GRANT OPTION" : ""}`;
		return grantor === owner ? [give] : [
			`SET LOCAL ROLE ${grantor}`,
			give,
			"SET LOCAL ROLE NONE"
		];
	});
}
/** What was granted before anybody said anything. */
function builtInGrants(target, owner) {
	if (target.startsWith("(")) return [];
	const all = [`GRANT ALL ${on(target)} TO ${owner}`];
	if (/^(?:FUNCTION|PROCEDURE) /.test(target)) all.push(`GRANT EXECUTE ${on(target)} TO PUBLIC`);
	if (target.startsWith("TYPE ")) all.push(`GRANT USAGE ${on(target)} TO PUBLIC`);
	return all;
}
/** `ON TABLE x`, or of a column `(c) ON TABLE x`, which follows the privilege. */
function on(target) {
	const column = /^(\((?:"(?:[^"]|"")*"|[^)])*\)) (.*)$/su.exec(target);
	return column === null ? `ON ${target}` : `${column[1] ?? ""} ON ${column[2] ?? ""}`;
}
function commentChanges(live, wanted) {
	const there = new Map(live.comments);
	const kept = new Set(wanted.comments.map(([target]) => target));
	return [...live.comments.flatMap(([target]) => kept.has(target) ? [] : [`COMMENT ON ${target} IS NULL`]), ...wanted.comments.flatMap(([target, text]) => there.get(target) === text ? [] : [`COMMENT ON ${target} IS ${literal(text)}`])];
}
function databaseChanges(live, wanted, name) {
	const changes = [];
	if (live.owner !== wanted.owner) changes.push(`ALTER DATABASE ${name} OWNER TO ${wanted.owner}`);
	const target = `DATABASE ${name}`;
	if (!same(live.grants, wanted.grants)) {
		changes.push(...revokeAll(target, wanted.owner, live.grants ?? []));
		const builtIn = [`GRANT ALL ON ${target} TO ${wanted.owner}`, `GRANT CONNECT, TEMPORARY ON ${target} TO PUBLIC`];
		changes.push(...wanted.grants === null ? builtIn : giveAll(target, wanted.owner, wanted.grants));
	}
	if (live.comment !== wanted.comment) changes.push(`COMMENT ON ${target} IS ${wanted.comment === null ? "NULL" : literal(wanted.comment)}`);
	if (!same(live.settings, wanted.settings)) {
		const of = (role) => role === null ? `ALTER ${target}` : `ALTER ROLE ${role} IN ${target}`;
		for (const role of new Set([...live.settings, ...wanted.settings].map(([who]) => who))) changes.push(`${of(role)} RESET ALL`);
		for (const [role, setting, value] of wanted.settings) changes.push(`${of(role)} SET ${quoteSetting(setting)} TO ${LISTS.has(setting) ? value || "''" : literal(value)}`);
	}
	return changes;
}
/** Settings of extensions have a dot. */
function quoteSetting(name) {
	return name.split(".").map((part) => quoteIdent(postgres$1, part)).join(".");
}
function makeDefaults({ role, schema, what, grants }) {
	const prefix = `ALTER DEFAULT PRIVILEGES FOR ROLE ${role}${schema === null ? "" : ` IN SCHEMA ${schema}`}`;
	return [...schema === null ? [role, "PUBLIC"].map((grantee) => `${prefix} REVOKE ALL ON ${what} FROM ${grantee}`) : [], ...grants.map(([, grantee, privilege, grantable]) => `${prefix} GRANT ${privilege} ON ${what} TO ${grantee}${grantable ? " WITH GRANT OPTION" : ""}`)];
}
function same(a, b) {
	return JSON.stringify(a) === JSON.stringify(b);
}
var LISTS;
var init_attributes = __esmMin(() => {
	init_src$2();
	init_inline();
	LISTS = /* @__PURE__ */ new Set([
		"local_preload_libraries",
		"search_path",
		"session_preload_libraries",
		"shared_preload_libraries",
		"temp_tablespaces",
		"unix_socket_directories"
	]);
});
// ../../adapters/postgres/src/rebuild.ts
/** The commands that take everything away that is not Detent's, the server's or an extension's that stays. */
function dropAll({ schema, unfit }, wanted, { schema: booksSchema }) {
	const extensions = new Set(namesOf(wanted, "extension", ({ ddl }) => ddl.join()));
	const schemas = new Set(namesOf(wanted, "schema", ({ label }) => label));
	const backwards = schema.objects.toReversed();
	const of = (...kinds) => backwards.filter(({ kind }) => kinds.includes(kind));
	return [
		...of("event trigger").map(drop),
		...unfit.map(({ type, identity }) => `DROP ${type.toUpperCase().replaceAll("-", " ")} IF EXISTS ${identity} CASCADE`),
		...DROPPED.flatMap((kind) => of(kind).map(drop)),
		...of("large object").length > 0 ? ["SELECT count(pg_catalog.lo_unlink(oid)) FROM pg_catalog.pg_largeobject_metadata"] : [],
		...of("extension").filter(({ ddl }) => !extensions.has(ddl.join())).map(drop),
		...of("schema").filter(({ label }) => !schemas.has(label) && label !== schemaLabel(booksSchema)).map(drop)
	];
}
/** The commands before the rows, and those after them. Schemas and extensions that stayed are not made. */
function makeAll({ objects }, live) {
	const rows = objects.findIndex(({ kind }) => kind === ROWS);
	const stays = (object) => `${object.kind} ${object.label} ${object.ddl.join()}`;
	const stayed = new Set(live.objects.filter(({ kind }) => kind === "schema" || kind === "extension").map(stays));
	const commands = (some) => some.flatMap((object) => stayed.has(stays(object)) ? [] : object.ddl);
	return {
		before: commands(objects.slice(0, rows)),
		after: commands(objects.slice(rows + 1))
	};
}
/** What one schema has and the other has not, for people; `null` when they are equal. */
function difference(live, wanted) {
	const there = new Map(live.objects.map((object) => [`${object.kind} ${object.label}`, JSON.stringify(object)]));
	for (const object of wanted.objects) {
		const name = `${object.kind} ${object.label}`;
		if (there.get(name) !== JSON.stringify(object)) return object.label;
		there.delete(name);
	}
	const [more] = there.keys();
	if (more !== void 0) return more;
	return [
		"granted",
		"defaults",
		"comments",
		"database"
	].find((part) => JSON.stringify(live[part]) !== JSON.stringify(wanted[part])) ?? null;
}
function drop({ label }) {
	return label.replace(/^((?:MATERIALIZED|EVENT|TEXT SEARCH) \S+|\S+) /u, (kind) => `DROP ${kind}IF EXISTS `) + " CASCADE";
}
function namesOf({ objects }, kind, name) {
	return objects.filter((object) => object.kind === kind).map(name);
}
function schemaLabel(schema) {
	return `SCHEMA ${/^[a-z_][a-z0-9_]*$/.test(schema) ? schema : `"${schema.replaceAll("\"", "\"\"")}"`}`;
}
/** Several commands at a time, as messages of a size that the server reads in one go. */
function* inMessages(commands) {
	let message = [];
	let size = 0;
	for (const command of commands) {
		message.push(command);
		size += command.length;
		if (size < 65536 && message.length < 200) continue;
		yield message;
		message = [];
		size = 0;
	}
	if (message.length > 0) yield message;
}
function setSequence([name, value, isCalled]) {
	return `SELECT pg_catalog.setval(${literal(name)}::regclass, ${value}, ${isCalled})`;
}
var DROPPED;
var init_rebuild = __esmMin(() => {
	init_objects_order();
	init_inline();
	DROPPED = [
		"materialized view",
		"view",
		"table",
		"sequence",
		"aggregate",
		"cast",
		"operator",
		"function",
		"configuration",
		"dictionary",
		"domain",
		"type",
		"collation"
	];
});
// ../../adapters/postgres/src/restore.ts
/**
* Takes everything away and makes it again from the backup, in one transaction of the session that holds the lock: killed
* at any moment, the database is as before or as restored, and what it is committed with has been compared with the
* manifest. Detent's lock is not touched, so the lease outlives the restore.
*/
async function restoreInPlace(settings, manifest, record) {
	const { link, copy, rebuild, transactions, history, lockMs, searchPath, whenLocked } = settings;
	const books = await link.books();
	await transactions.run({ statements: [] }, async () => {
		await transactions.flush();
		await link.ask(...FIXED_TEXT, ...QUIETLY, `SET LOCAL lock_timeout = ${lockMs}`);
		const [lockable] = await link.ask(lockableSql(books));
		const names = (lockable?.rows ?? []).map(({ name }) => name ?? "");
		if (names.length > 0) await link.ask(`LOCK TABLE ONLY ${names.join(", ONLY ")} IN ACCESS EXCLUSIVE MODE`);
		await whenLocked();
		const contents = await rebuild({
			link,
			copy,
			books,
			searchPath,
			live: await schemaNow(link, books)
		});
		await link.ask(...FIXED_TEXT);
		const { schema } = await schemaNow(link, books);
		await askAll(link, attributeChanges(schema, contents.schema, (await link.greeting()).database));
		await compare(link, books, manifest, contents);
		history.forgetTail();
		await record(history);
		await transactions.flush();
	});
}
async function schemaNow(link, books) {
	const { versionNumber } = await link.greeting();
	return readSchema(books, versionNumber, await link.ask(...schemaQueries(books, versionNumber)));
}
/** In messages of a fitting size. */
async function askAll(link, commands) {
	for (const message of inMessages(commands)) await link.ask(...message);
}
async function compare(link, books, manifest, contents) {
	const { schema, unfit } = await schemaNow(link, books);
	const other = unfit[0]?.identity ?? difference(schema, contents.schema);
	if (other !== null) throw new Error(`the restored schema is not the one in the backup, in ${other}`);
	if (await schemaFingerprint(link, true) !== manifest.fingerprint) throw new Error("the restored schema is not the one in the manifest");
	const sums = await contentSums(link.ask, books);
	if (JSON.stringify(sums) !== JSON.stringify(manifest.objects)) throw new Error("the restored rows are not those in the manifest");
}
function restoreFailed(manifest, cause) {
	if (cause instanceof DetentError && cause.code !== "INTERNAL" && cause.code !== "READ_ONLY") return cause;
	const words = cause instanceof Error ? cause.message.replace(/\.$/, "") : String(cause);
	return new DetentError("RESTORE_FAILED", `The backup could not be restored: ${words}.`, {
		hint: `Nothing was changed. The backup is kept at ${manifest.path}; put it back with \`detent restore\`.`,
		facts: {
			...cause instanceof DetentError ? cause.facts : {},
			path: manifest.path
		},
		cause
	});
}
var QUIETLY;
var init_restore = __esmMin(() => {
	init_src$3();
	init_attributes();
	init_dump();
	init_fingerprint();
	init_objects();
	init_rebuild();
	init_sums();
	QUIETLY = [
		"SET LOCAL check_function_bodies = off",
		"SET LOCAL client_min_messages = warning",
		"SET LOCAL default_tablespace = ''",
		"SET LOCAL default_table_access_method = heap",
		"SET LOCAL session_replication_role = DEFAULT"
	];
});
// ../../adapters/postgres/src/rebuild-rows.ts
/** Makes everything again from sections such as a backup of Detent's own has. */
async function rebuildFrom(sections, rebuilding) {
	const { link, live, books } = rebuilding;
	let contents = null;
	for await (const section of sections) if (section.header["kind"] === "contents") {
		contents = await jsonOf(section);
		await clearAll(rebuilding, contents);
		await askAll(link, makeAll(contents.schema, live.schema).before);
		await makeBooks(link, books);
		await emptyBooks(link, books);
	} else if (contents !== null) await restoreSection(rebuilding, contents, section);
	if (contents === null) throw new Error("the backup is empty");
	return contents;
}
/** Takes everything away that is not Detent's, or that the backup would only make again as it is. */
async function clearAll({ link, live, books, searchPath }, wanted) {
	await askAll(link, clearDefaults(live.schema.defaults));
	await askAll(link, dropAll(live, wanted.schema, books));
	await link.ask(`SET LOCAL search_path = ${searchPath === "" ? "''" : searchPath}`);
}
/** Detent's tables, where they are not there: a backup may come into a database that was never migrated. */
async function makeBooks(link, { history }) {
	const [there] = await link.ask(`SELECT to_regclass(${literal(history.tables.history)}) IS NOT NULL`);
	if (valueOf(there) !== "t") await link.ask(...history.create);
}
async function restoreSection({ link, copy }, contents, section) {
	const { kind, table } = section.header;
	switch (kind) {
		case "rows": {
			const found = contents.tables[Number(table)];
			if (found === void 0) throw new Error("the backup has rows of an unknown table");
			if (found.kind === "extension") await link.ask(`DELETE FROM ${found.qualified} ${found.condition}`);
			if (found.copied.length > 0) await copy.in(copyIn(found), section.pieces);
			return;
		}
		case "large objects":
			await link.ask("CREATE TEMPORARY TABLE detent_pages (oid oid, at bigint, data bytea) ON COMMIT DROP");
			await copy.in("COPY pg_temp.detent_pages FROM STDIN", section.pieces);
			await link.ask("SELECT count(pg_catalog.lo_put(oid, at, data)) FROM pg_temp.detent_pages", "DROP TABLE pg_temp.detent_pages");
			return;
		case "end": {
			const { sequences } = await jsonOf(section);
			await askAll(link, sequences.map(setSequence));
			await askAll(link, makeAll(contents.schema, contents.schema).after);
			return;
		}
		default: throw new Error(`the backup has a part of an unknown kind, ${String(kind)}`);
	}
}
function copyIn({ qualified, copied }) {
	return `COPY ${qualified} (${copied.join(", ")}) FROM STDIN`;
}
/** The tables stay: their layout may be newer than the backup's. */
async function emptyBooks(link, { history: { tables } }) {
	await link.ask(`DELETE FROM ${tables.event}`, `DELETE FROM ${tables.history}`);
}
var init_rebuild_rows = __esmMin(() => {
	init_attributes();
	init_backup_file();
	init_inline();
	init_link();
	init_rebuild();
	init_restore();
});
// ../../adapters/postgres/src/method-copy.ts
/** Rows as text that the server writes and reads, in one file of Detent's own; see `BackupWriter`. */
function copyMethod(link) {
	return {
		obstacles: async () => [],
		async write(path, signal) {
			const sessions = await solitudeOf(link, "begins");
			const wire = await readerOf(link);
			const { copy } = wire;
			if (copy === null) throw new Error("this driver has no streams");
			const writer = await createBackupFile(path);
			try {
				const { fingerprint, objects, rows } = await snapshot(link, wire, writing(writer, copy, signal), signal);
				const { bytes, hash } = await writer.finish();
				return {
					bytes,
					hash,
					fingerprint,
					objects,
					sessions,
					details: { rows }
				};
			} catch (error) {
				await writer.abandon();
				await rm(path, { force: true });
				throw error;
			}
		},
		verify: async () => void 0,
		contents: ({ path }) => contentsOf$1(path),
		rebuild: ({ path }, rebuilding) => rebuildFrom(readSections(path), rebuilding),
		delete: deleteFiles
	};
}
/** Reads the database by `wire`, which is out of the transaction again whatever happens. */
async function snapshot(link, wire, keeper, signal) {
	try {
		return await dump({
			ask: (...texts) => wire.run(texts.join(";\n")),
			books: await link.books(),
			version: (await link.greeting()).versionNumber,
			lockMs: lockMsOf(link),
			signal,
			aside: await asideOf(link, wire),
			fingerprintNow: () => schemaFingerprint(link, false)
		}, keeper);
	} catch (error) {
		if (wire.isOpen && wire.status !== "I") await wire.run("ROLLBACK").catch(() => void 0);
		throw error;
	}
}
function writing(writer, copy, signal) {
	return {
		needsSnapshot: false,
		async begin(contents) {
			await writer.section({ kind: "contents" });
			await writer.write(Buffer.from(JSON.stringify(contents)));
		},
		rows: (contents) => writeRows(writer, copy, contents, signal),
		async end(sequences) {
			await writer.section({ kind: "end" });
			await writer.write(Buffer.from(JSON.stringify({ sequences })));
		}
	};
}
async function writeRows(writer, copy, { tables, schema }, signal) {
	const rows = /* @__PURE__ */ new Map();
	const take = (bytes) => {
		signal?.throwIfAborted();
		return writer.write(bytes);
	};
	const each = async (table, index) => {
		await writer.section({
			kind: "rows",
			table: index
		});
		if (table.copied.length > 0) rows.set(table.name, await copy.out(copyOut(table), take));
	};
	for (const [index, table] of tables.entries()) await each(table, index);
	if (schema.objects.some(({ kind }) => kind === "large object")) {
		await writer.section({ kind: "large objects" });
		await copy.out(`COPY (${OBJECT_PAGES}) TO STDOUT`, take);
	}
	return rows;
}
async function contentsOf$1(path) {
	for await (const section of readSections(path)) return await jsonOf(section);
	throw new Error("the backup is empty");
}
var init_method_copy = __esmMin(() => {
	init_backup$2();
	init_backup_file();
	init_data_tables();
	init_dump();
	init_reader();
	init_rebuild_rows();
	init_sums();
	init_fingerprint();
});
// ../../adapters/postgres/src/books-aside.ts
/**
* Gives the history and its ledger other names, so that the archive can make its own. The lock's table, which the archive
* leaves out, is not touched: others look there for who holds the lock.
*/
async function moveAside(link, books) {
	await makeBooks(link, books);
	const { history, event } = books.history.tables;
	const tables = `${literal(history)}::regclass, ${literal(event)}::regclass`;
	const [answer] = await link.ask(partsSql(tables));
	const mark = `detent_aside_${randomBytes(6).toString("hex")}`;
	const moved = (answer?.rows ?? []).map(({ kind, oid, schema, name, is }, index) => ({
		back: `ALTER ${kind ?? ""} ${schema ?? ""}.${mark}_${index} RENAME TO ${name ?? ""}`,
		away: `ALTER ${kind ?? ""} ${schema ?? ""}.${name ?? ""} RENAME TO ${mark}_${index}`,
		aside: `${schema ?? ""}.${mark}_${index}`,
		oid,
		is
	}));
	await link.ask(...moved.map(({ away }) => away));
	return { async bringBack() {
		for (const [table, is] of [[history, "history"], [event, "event"]]) {
			const aside = moved.find((part) => part.is === is)?.aside ?? "";
			await link.ask(`DELETE FROM ${aside}`);
			const [found] = await link.ask(columnsSql$1(table));
			const columns = found?.rows.map(({ name }) => name ?? "") ?? [];
			if (columns.length === 0) continue;
			const list = columns.join(", ");
			await link.ask(`INSERT INTO ${aside} (${list}) OVERRIDING SYSTEM VALUE SELECT ${list} FROM ${table}`, `DROP TABLE ${table}`);
		}
		await link.ask(...moved.map(({ back }) => back));
	} };
}
/** The tables, and what has a name of its own along with them. */
function partsSql(tables) {
	return `SELECT CASE c.relkind WHEN 'r' THEN 'TABLE' WHEN 'S' THEN 'SEQUENCE' ELSE 'INDEX' END AS kind, c.oid, quote_ident(n.nspname) AS schema, quote_ident(c.relname) AS name, CASE WHEN c.relkind = 'r' THEN CASE (ARRAY[${tables}])[1] WHEN c.oid THEN 'history' ELSE 'event' END END AS is FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid IN (${tables}) OR c.oid IN (SELECT i.indexrelid FROM pg_index i WHERE i.indrelid IN (${tables})) OR c.relkind = 'S' AND c.oid IN (SELECT d.objid FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid IN (${tables}) AND d.deptype IN ('a', 'i')) ORDER BY c.oid`;
}
/** None where the table is not there. */
function columnsSql$1(table) {
	return `SELECT quote_ident(a.attname) AS name FROM pg_attribute a WHERE a.attrelid = to_regclass(${literal(table)}) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`;
}
/** What users made that stands on the history; it could not be moved from one table to the other. */
function leaningOnBooksSql({ history: { tables } }) {
	return `SELECT DISTINCT CASE WHEN d.classid = 'pg_rewrite'::regclass THEN 'view ' || (SELECT w.ev_class::regclass FROM pg_rewrite w WHERE w.oid = d.objid) ELSE pg_describe_object(d.classid, d.objid, d.objsubid) END AS name FROM pg_depend d WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid IN (${`to_regclass(${literal(tables.history)}), to_regclass(${literal(tables.event)})`}) AND d.deptype = 'n'`;
}
var init_books_aside = __esmMin(() => {
	init_inline();
	init_rebuild_rows();
});
// ../../adapters/postgres/src/tool.ts
/**
* Starts a program without a shell. It reads nothing, and it writes only to this process, so it ends with it. What only
* it may know, such as a password, goes into `environment`, which nobody else can look at.
*/
function runTool(program, args, environment, signal) {
	const passed = PASSED.flatMap((name) => {
		const value = process.env[name];
		return value === void 0 ? [] : [[name, value]];
	});
	const child = spawn(program, args, {
		env: {
			...Object.fromEntries(passed),
			LC_ALL: "C",
			...environment
		},
		stdio: [
			"ignore",
			"pipe",
			"pipe"
		],
		windowsHide: true,
		...signal === void 0 ? {} : { signal }
	});
	let words = "";
	child.stderr.setEncoding("utf8").on("data", (text) => words = (words + text).slice(-2e3));
	const done = new Promise((resolve, reject) => {
		child.on("error", reject);
		child.on("close", (status, ended) => {
			if (status === 0) resolve();
			else reject(new ToolFailed(wordsOf(words) || `${program} ended with ${ended ?? `status ${status}`}`));
		});
	});
	done.catch(() => void 0);
	return {
		output: child.stdout,
		done,
		stop: () => void child.kill()
	};
}
/** What the program calls errors, in one line; everything it said where it calls nothing so. */
function wordsOf(text) {
	const lines = text.split("\n").filter((line) => line.trim() !== "");
	const errors = lines.filter((line) => / error: /.test(line));
	return (errors.length > 0 ? errors : lines).map((line) => line.replace(/ error:/, ":").trim()).join("; ");
}
var PASSED, ToolFailed;
var init_tool = __esmMin(() => {
	PASSED = [
		"PATH",
		"HOME",
		"SystemRoot",
		"APPDATA",
		"TMPDIR",
		"PGOPTIONS"
	];
	ToolFailed = class extends Error {
		name = "ToolFailed";
	};
});
// ../../adapters/postgres/src/client-tools.ts
/**
* The first programs that can read a server of `major`, and whatever a pg_dump of the version `archive` has written: along
* PATH, then where packages put them. A text says what is missing, and what to install.
*/
async function findTools(major, archive = 0, folders = foldersFor(Math.max(major, archive))) {
	const least = Math.max(major, archive);
	const unfit = [];
	for (const folder of folders) {
		const tools = await toolsIn(folder);
		const flaw = tools === null ? null : flawOf(tools, least);
		if (flaw !== null) unfit.push(flaw);
		else if (tools !== null) return tools;
	}
	return `${unfit[0] ?? "pg_dump and pg_restore are not installed, or not in PATH"}: install the client programs of PostgreSQL ${least}, such as the package postgresql-client-${least}.`;
}
/** `null` where the version is fit. */
function flawOf({ dump, version: { major, minor, text } }, least) {
	if (major < least) return `${dump} is of version ${text} and cannot read PostgreSQL ${least}`;
	const floor = FLOORS.get(major) ?? 0;
	if (major >= OLDEST$1 && minor >= floor) return null;
	const mended = FLOORS.get(major);
	return `${dump} is of version ${text}, which runs what a dishonest server or archive tells it (CVE-2025-8714)${mended === void 0 ? "" : `; ${major}.${mended} does not`}`;
}
function foldersFor(major) {
	const path = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
	const usual = process.platform === "win32" ? [join(process.env["ProgramFiles"] ?? "C:\\Program Files", "PostgreSQL", String(major), "bin")] : [
		`/usr/lib/postgresql/${major}/bin`,
		`/usr/pgsql-${major}/bin`,
		`/opt/homebrew/opt/postgresql@${major}/bin`,
		`/usr/local/opt/postgresql@${major}/bin`,
		`/Library/PostgreSQL/${major}/bin`
	];
	return [.../* @__PURE__ */ new Set([...path, ...usual])];
}
/** `null` where there are none, or they do not run. */
async function toolsIn(folder) {
	const [dump, restore] = ["pg_dump", "pg_restore"].map((name) => join(folder, process.platform === "win32" ? `${name}.exe` : name));
	try {
		await Promise.all([dump, restore].map((program) => access(program, constants$1.X_OK)));
		const versions = await Promise.all([dump, restore].map(versionOf));
		const [version] = versions;
		const isOne = versions.every((other) => other?.major === version?.major && other?.minor === version?.minor);
		return version === null || version === void 0 || !isOne ? null : {
			dump,
			restore,
			version
		};
	} catch {
		return null;
	}
}
async function versionOf(program) {
	const running = runTool(program, ["--version"], {});
	let output = "";
	for await (const piece of running.output) output += piece.toString("utf8");
	await running.done;
	return readToolVersion(output);
}
/** Of `pg_dump (PostgreSQL) 15.18 (Debian …)`; a release before the first, such as `19beta1`, has the minor number 0. */
function readToolVersion(output) {
	const [, text, major, minor] = /\(PostgreSQL\) ((\d+)(?:\.(\d+)|\w*))/.exec(output) ?? [];
	if (text === void 0 || major === void 0) return null;
	return {
		major: Number(major),
		minor: Number(minor ?? 0),
		text
	};
}
var FLOORS, OLDEST$1;
var init_client_tools = __esmMin(() => {
	init_tool();
	FLOORS = /* @__PURE__ */ new Map([
		[14, 23],
		[15, 18],
		[16, 14],
		[17, 10],
		[18, 4]
	]);
	OLDEST$1 = Math.min(...FLOORS.keys());
});
// ../../adapters/postgres/src/dump-script.ts
/** The commands of a script without rows, as one text, without what stands around them. */
function commandsOf(script) {
	const lines = script.split("\n");
	const first = lines.findIndex((line) => line.startsWith("-- Name: ") || !isAround(line));
	if (first === -1) return "";
	const last = lines.findLastIndex((line) => !isAround(line));
	return lines.slice(first, last + 1).join("\n");
}
function isAround(line) {
	return line === "" || line.startsWith("--") || RESTRICTION.test(line) || HEADER.test(line);
}
/**
* Reads a script of rows: COPY with its data, and commands whose texts hold neither dollar quotes nor block comments.
* Throws for a command of psql.
*/
async function* readScript(source) {
	const bytes = bytesOf(source);
	let text = "";
	let quote = null;
	for (let line = await bytes.line(); line !== null; line = await bytes.line()) {
		if (text === "" && line.startsWith("\\")) {
			if (RESTRICTION.test(line.trimEnd())) continue;
			throw new Error(`the archive wants psql to execute ${line.trim().split(" ")[0] ?? ""}`);
		}
		const read = readLine(line, quote);
		quote = read.quote;
		if (text !== "" || read.code.trim() !== "") text += read.code;
		if (quote !== null || !read.code.trimEnd().endsWith(";")) continue;
		const whole = text;
		text = "";
		if (COPY.test(whole)) yield {
			kind: "rows",
			command: whole,
			pieces: bytes.rows()
		};
		else if (!HEADER.test(whole)) yield {
			kind: "statement",
			text: whole
		};
	}
	if (text.trim() !== "") throw new Error("the archive ends within a command");
}
/** Strings are standard ones: a backslash means itself, and two quotes are one. */
function readLine(line, open) {
	let quote = open;
	for (let at = 0; at < line.length; at += 1) {
		const char = line.charAt(at);
		if (quote !== null) {
			if (char === quote) quote = null;
		} else if (char === "'" || char === "\"") quote = char;
		else if (char === "-" && line.charAt(at + 1) === "-") return {
			code: `${line.slice(0, at)}\n`,
			quote
		};
	}
	return {
		code: line,
		quote
	};
}
function bytesOf(source) {
	const pieces = source[Symbol.asyncIterator]();
	let rest = Buffer.alloc(0);
	const fill = async () => {
		const { done, value } = await pieces.next();
		if (done === true) return false;
		rest = rest.length === 0 ? value : Buffer.concat([rest, value]);
		return true;
	};
	const cut = (length) => {
		const taken = rest.subarray(0, length);
		rest = rest.subarray(length);
		return taken;
	};
	return {
		async line() {
			for (let from = 0;;) {
				const end = rest.indexOf(10, from);
				if (end !== -1) return cut(end + 1).toString("utf8");
				from = rest.length;
				if (!await fill()) return rest.length === 0 ? null : cut(rest.length).toString("utf8");
			}
		},
		async *rows() {
			rest = Buffer.concat([END_OF_ROWS.subarray(0, 1), rest]);
			let isFirst = true;
			const withoutFirst = (piece) => {
				const wanted = isFirst ? piece.subarray(1) : piece;
				isFirst = false;
				return wanted;
			};
			for (;;) {
				const end = rest.indexOf(END_OF_ROWS);
				const isEnd = end !== -1;
				const length = isEnd ? end + 1 : rest.length - END_OF_ROWS.length + 1;
				if (length > 0) {
					const piece = withoutFirst(cut(length));
					if (piece.length > 0) yield piece;
				}
				if (isEnd) {
					cut(END_OF_ROWS.length - 1);
					return;
				}
				if (!await fill()) throw new Error("the archive ends within the rows of a table");
			}
		}
	};
}
var HEADER, RESTRICTION, COPY, END_OF_ROWS;
var init_dump_script = __esmMin(() => {
	HEADER = /^(?:BEGIN;|COMMIT;|SET (?!default_)\w+ = [^;]*;|SELECT pg_catalog\.set_config\('search_path', '[^']*', false\);)\s*$/;
	RESTRICTION = /^\\(?:un)?restrict [A-Za-z0-9]+$/;
	COPY = /^COPY\s[\s\S]*\sFROM stdin;\s*$/;
	END_OF_ROWS = Buffer.from("\n\\.\n");
});
// ../../adapters/postgres/src/dump-rows.ts
/** Reads an archive as a restore would, and gives how many rows it has of each table, by the table's name. */
async function countRows({ restore }, path, tables) {
	const names = new Map(tables.map(({ qualified, name }) => [bare(qualified), name]));
	const rows = new Map(tables.map(({ name }) => [name, 0]));
	const running = runTool(restore, [
		"--file=-",
		"--section=data",
		path
	], {});
	try {
		for await (const part of readScript(running.output)) {
			if (part.kind === "statement") continue;
			let count = 0;
			for await (const piece of part.pieces) count += newlines(piece);
			const name = names.get(bare(part.command.replace(/^COPY\s+/, "")));
			if (name !== void 0) rows.set(name, count);
		}
		await running.done;
		return rows;
	} finally {
		running.stop();
	}
}
/** Of the schema and the table that a text begins with, each quoted or not, one key. */
function bare(text) {
	const [, schema = "", table = ""] = /^("(?:[^"]|"")*"|[^."\s]+)\.("(?:[^"]|"")*"|[^"\s(]+)/.exec(text) ?? [];
	const plain = (name) => name.startsWith("\"") ? name.slice(1, -1).replaceAll("\"\"", "\"") : name;
	return JSON.stringify([plain(schema), plain(table)]);
}
function newlines(piece) {
	let count = 0;
	for (let at = piece.indexOf(NEWLINE); at !== -1; at = piece.indexOf(NEWLINE, at + 1)) count += 1;
	return count;
}
var NEWLINE;
var init_dump_rows = __esmMin(() => {
	init_dump_script();
	init_tool();
	NEWLINE = 10;
});
// ../../adapters/postgres/src/rebuild-archive.ts
/**
* Makes everything again from an archive: pg_restore writes the commands, and the session that holds the lock executes
* them, so that the record and the restore come together. Owners, grants and what belongs to the database come afterwards,
* from `contents`, as do schemas and extensions before: some of them stayed.
*/
async function rebuildFromArchive(tools, path, contents, rebuilding) {
	const { link, books } = rebuilding;
	await clearAll(rebuilding, contents);
	await askAll(link, contents.schema.objects.filter(({ kind }) => kind === "schema" || kind === "extension").flatMap(({ ddl }) => ddl));
	const aside = await moveAside(link, books);
	const folder = await mkdtemp(join(tmpdir(), "detent-restore-"));
	try {
		const list = join(folder, "list");
		await writeFile(list, await entriesOf(tools, path), { mode: 384 });
		const scriptOf = (section) => [
			"--file=-",
			"--no-owner",
			"--no-privileges",
			`--section=${section}`,
			`--use-list=${list}`,
			path
		];
		const commands = async (section) => execute(link, commandsOf(await outputOf(tools.restore, scriptOf(section))));
		await commands("pre-data");
		await askAll(link, contents.tables.filter(({ kind }) => kind === "extension").map(({ qualified, condition }) => `DELETE FROM ${qualified} ${condition}`));
		await putRows(tools.restore, scriptOf("data"), rebuilding);
		await commands("post-data");
	} finally {
		await rm(folder, {
			recursive: true,
			force: true
		});
	}
	await link.ask("RESET default_tablespace", "RESET default_table_access_method");
	await aside.bringBack();
	return contents;
}
/** The numbers of what is to be made: everything but the schemas. */
async function entriesOf({ restore }, path) {
	return [...(await outputOf(restore, ["--list", path])).matchAll(/^(\d+); (.*)$/gm)].filter(([, , entry = ""]) => !/^\d+ \d+ SCHEMA - /.test(entry)).map(([, number = ""]) => `${number};\n`).join("");
}
async function putRows(program, args, { link, copy }) {
	const running = runTool(program, args, {});
	let waiting = [];
	let size = 0;
	const send = async () => {
		await execute(link, waiting.join("\n"));
		waiting = [];
		size = 0;
	};
	try {
		for await (const part of readScript(running.output)) {
			if (part.kind === "rows") {
				await send();
				await copy.in(part.command, part.pieces);
				continue;
			}
			waiting.push(part.text);
			size += part.text.length;
			if (size > MESSAGE) await send();
		}
		await running.done;
		await send();
	} finally {
		running.stop();
	}
}
/** Throws when the commands ended the transaction, which they must not: it is the restore's. */
async function execute(link, text) {
	if (text === "") return;
	await link.ask(text);
	if (link.wire.status !== "T") throw new Error("the archive ended the transaction of the restore");
}
async function outputOf(program, args) {
	const running = runTool(program, args, {});
	const pieces = [];
	for await (const piece of running.output) pieces.push(piece);
	await running.done;
	return Buffer.concat(pieces).toString("utf8");
}
var MESSAGE;
var init_rebuild_archive = __esmMin(() => {
	init_books_aside();
	init_dump_script();
	init_rebuild_rows();
	init_restore();
	init_tool();
	MESSAGE = 65536;
});
// ../../adapters/postgres/src/method-dump.ts
/**
* An archive of pg_dump, which any administrator can use with pg_restore. It is written in the snapshot in which Detent
* counts and sums, and read again before it counts as a backup.
*/
function dumpMethod(link, ways) {
	const majorOf = async () => Math.floor((await link.greeting()).versionNumber / 1e4);
	const toolsFor = async (manifest) => {
		const archive = Number.parseInt(String(manifest?.details["tool"] ?? "0"), 10);
		const tools = await findTools(await majorOf(), archive);
		if (typeof tools !== "string") return tools;
		throw new DetentError("BACKUP_UNFIT", tools, { hint: "Install them, or make backups by Detent itself with backup: 'copy'." });
	};
	return {
		async obstacles(ask, schema) {
			const found = [];
			const tools = await findTools(await majorOf());
			if (typeof tools === "string") found.push(tools);
			if (ways === null) found.push("pg_dump opens a connection of its own: give `url` or `directUrl`.");
			if ((await link.greeting()).pooled) found.push("pg_dump cannot share a snapshot by way of a pooler: give `directUrl`, which leads to the server itself.");
			const [leaning] = await ask(leaningOnBooksSql(await link.books()));
			for (const { name } of leaning?.rows ?? []) found.push(`The ${name ?? ""} stands on Detent's history, which pg_restore would have to make anew.`);
			return [...found, ...madeOtherwise(schema)];
		},
		async write(path, signal) {
			const tools = await toolsFor(null);
			const environment = await ways?.libpq() ?? {};
			const before = await solitudeOf(link, "begins");
			const { lock } = (await link.books()).history.tables;
			const archive = {
				tools,
				path,
				environment,
				lock,
				lockMs: lockMsOf(link),
				signal
			};
			try {
				let file = {
					bytes: 0,
					hash: ""
				};
				const { fingerprint, objects, rows, contents } = await snapshot(link, await readerOf(link), {
					needsSnapshot: true,
					async begin({ schema }) {
						const [reason] = madeOtherwise(schema);
						if (reason !== void 0) throw new Error(reason);
					},
					async rows(contents, exported) {
						if (exported === null) throw new Error("the server exported no snapshot");
						file = await writeArchive(archive, exported);
						return countRows(tools, path, contents.tables);
					},
					end: async () => void 0
				}, signal);
				const details = {
					rows,
					tool: tools.version.text,
					contents: JSON.stringify(contents)
				};
				return {
					...file,
					fingerprint,
					objects,
					sessions: await solitudeSince$1(link, before),
					details
				};
			} catch (error) {
				await rm(path, { force: true });
				throw error;
			}
		},
		verify: async (manifest) => void await toolsFor(manifest),
		contents: async (manifest) => contentsOf(manifest),
		rebuild: async (manifest, rebuilding) => rebuildFromArchive(await toolsFor(manifest), manifest.path, contentsOf(manifest), rebuilding),
		delete: deleteFiles
	};
}
/** What pg_dump writes in a way that makes something else. */
function madeOtherwise({ objects }) {
	return objects.filter(({ kind, ddl }) => kind === "attachment" && ddl.some((text) => text.includes(" INHERIT "))).map(({ ddl }) => `pg_dump would change the order of columns in ${/^ALTER TABLE (.*?) INHERIT /.exec(ddl[0] ?? "")?.[1] ?? ""}, which inherits from a table whose columns do not come first in it.`);
}
async function writeArchive({ tools, path, environment, lock, lockMs, signal }, exported) {
	const file = await open(path, "wx", 384);
	const args = [
		"--format=custom",
		"--compress=1",
		"--no-password",
		"--encoding=UTF8",
		`--snapshot=${exported}`,
		`--lock-wait-timeout=${lockMs}`,
		`--exclude-table=${lock}`
	];
	const running = runTool(tools.dump, args, environment, signal);
	try {
		const digest = createHash("sha256");
		let bytes = 0;
		for await (const piece of running.output) {
			digest.update(piece);
			bytes += piece.length;
			for (let at = 0; at < piece.length;) at += (await file.write(piece, at)).bytesWritten;
		}
		await running.done;
		await file.sync();
		return {
			bytes,
			hash: `sha256:${digest.digest("hex")}`
		};
	} finally {
		running.stop();
		await file.close();
	}
}
/** What was alone before is alone still, where only the one session of pg_dump came and went. */
async function solitudeSince$1(link, before) {
	if (before === null) return null;
	const expected = plusSessions(before, 1);
	for (const end = Date.now() + LEAVING_MS$1; Date.now() < end; await setTimeout$1(20)) {
		const now = await solitudeOf(link, "ends");
		if (now !== null) return now === expected ? now : null;
	}
	return null;
}
function contentsOf({ details }) {
	return JSON.parse(String(details["contents"]));
}
var LEAVING_MS$1;
var init_method_dump = __esmMin(() => {
	init_src$3();
	init_backup$2();
	init_books_aside();
	init_client_tools();
	init_dump_rows();
	init_method_copy();
	init_reader();
	init_rebuild_archive();
	init_tool();
	init_witness();
	LEAVING_MS$1 = 2e3;
});
// ../../adapters/postgres/src/method-template.ts
/**
* A copy of the whole database on the same server, which the server makes file by file. Nobody but this session may be
* connected meanwhile. The file says only where the copy is; what belongs to the database as a whole, which the server does
* not copy, is in the manifest. It is put back like rows that Detent copied.
*/
function templateMethod(link, ways) {
	/** Works in the copy, as if it were the database itself. */
	const inCopy = async (name, work) => {
		if (ways === null) throw new Error(NO_WAY);
		const { schema } = await link.books();
		const { target, lease, options } = link;
		const copy = createLink({
			wire: await ways.to(name).catch((error) => {
				throw isGone(error) ? /* @__PURE__ */ new Error(`has lost its database ${name}`) : error;
			}),
			target,
			options: {
				...options,
				schema
			},
			lease,
			lent: false,
			disposable: false,
			openBeside: null
		});
		try {
			return await work(copy);
		} finally {
			await copy.close();
		}
	};
	return {
		async obstacles(ask) {
			const found = [];
			if (ways === null) found.push(NO_WAY);
			if ((await link.greeting()).pooled) found.push("A template copy needs a session of its own: give `directUrl`, which leads to the server itself.");
			const [rights, others] = await ask(RIGHTS, othersSql(await link.besidePid() ?? 0));
			const { mayCreate, mayCopy } = rights?.rows[0] ?? {};
			if (mayCreate !== "t") found.push("This user may not create a database: ALTER ROLE … CREATEDB.");
			if (mayCopy !== "t") found.push("Only its owner may copy this database.");
			const [first, ...rest] = (others?.rows ?? []).map(({ who }) => who ?? "");
			if (first !== void 0) found.push(`A template copy needs the database for itself, and ${first} is connected${rest.length === 0 ? "" : `, with ${rest.length} more`}.`);
			return found;
		},
		async write(path, signal) {
			const { database } = await link.greeting();
			const name = copyNameOf(database);
			await link.closeBeside();
			signal?.throwIfAborted();
			const before = await solitudeOfOne(link);
			const settings = await settingsOf(link);
			await link.ask(`CREATE DATABASE ${quoteIdent(postgres$1, name)} TEMPLATE ${quoteIdent(postgres$1, database)}`);
			try {
				const dumped = await inCopy(name, (copy) => snapshot(copy, copy.wire, UNREAD, signal));
				const text = `${JSON.stringify({ database: name })}\n`;
				await writeFile(path, text, {
					flag: "wx",
					mode: 384,
					flush: true
				});
				const { fingerprint, objects, rows, contents } = dumped;
				const kept = {
					...contents,
					schema: {
						...contents.schema,
						database: settings
					}
				};
				const details = {
					rows,
					database: name,
					contents: JSON.stringify(kept)
				};
				const hash = `sha256:${createHash("sha256").update(text).digest("hex")}`;
				return {
					bytes: Buffer.byteLength(text),
					hash,
					fingerprint,
					objects,
					sessions: await solitudeSince(link, before),
					details
				};
			} catch (error) {
				await rm(path, { force: true });
				await dropCopy(link, name).catch(() => void 0);
				throw error;
			}
		},
		async verify(manifest) {
			const sums = await inCopy(await copyOf(manifest), async (copy) => {
				await copy.ask("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", ...FIXED_TEXT);
				const found = await contentSums(copy.ask, await copy.books());
				await copy.ask("ROLLBACK");
				return found;
			});
			if (JSON.stringify(sums) !== JSON.stringify(manifest.objects)) throw new Error(`has other rows in its database ${await copyOf(manifest)}`);
		},
		contents: async ({ details }) => JSON.parse(String(details["contents"])),
		async rebuild(manifest, rebuilding) {
			const rows = `${manifest.path}.rows.part`;
			try {
				await inCopy(await copyOf(manifest), (copy) => copyMethod(copy).write(rows, void 0));
				const contents = await rebuildFrom(readSections(rows), rebuilding);
				const { schema } = JSON.parse(String(manifest.details["contents"]));
				return {
					...contents,
					schema: {
						...contents.schema,
						database: schema.database
					}
				};
			} finally {
				await rm(rows, { force: true });
			}
		},
		async delete(manifest) {
			const name = await copyOf(manifest).catch(() => null);
			if (name !== null) await dropCopy(link, name);
			await deleteFiles(manifest);
		}
	};
}
function isGone(error) {
	return error instanceof DetentError && error.facts.serverCode === "3D000";
}
function othersSql(beside) {
	return `SELECT format('process %s of %s', pid, usename) AS who FROM pg_catalog.pg_stat_activity WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), ${beside}) AND backend_type = 'client backend' UNION ALL SELECT format('the prepared transaction %s', gid) FROM pg_catalog.pg_prepared_xacts WHERE database = current_database()`;
}
function copyNameOf(database) {
	const ending = `_detent_${randomBytes(4).toString("hex")}`;
	let start = database;
	while (Buffer.byteLength(start) > NAME_LENGTH - ending.length) start = start.slice(0, -1);
	return `${start.toWellFormed()}${ending}`;
}
/** Of this session without the one beside it, which may be on its way out. */
async function solitudeOfOne(link) {
	const { pid, versionNumber } = await link.greeting();
	for (const end = Date.now() + LEAVING_MS;; await setTimeout$1(20)) {
		const found = await lookAround(link.ask, [pid], "begins", versionNumber);
		if (found !== null || Date.now() > end) return found;
	}
}
/** What was alone before is alone still, where only the session beside it came since. */
async function solitudeSince(link, before) {
	const now = await solitudeOf(link, "ends");
	return before !== null && now === plusSessions(before, 1) ? now : null;
}
/** By the file, which the manifest vouches for. */
async function copyOf({ path, details }) {
	const { database } = JSON.parse(await readFile(path, "utf8"));
	if (typeof database !== "string" || database !== details["database"]) throw new Error("names another database than its manifest");
	return database;
}
async function dropCopy(link, name) {
	await link.ask(`DROP DATABASE IF EXISTS ${quoteIdent(postgres$1, name)}`);
}
/** Of the database as a whole. */
async function settingsOf(link) {
	const books = await link.books();
	const { versionNumber } = await link.greeting();
	await link.ask("BEGIN READ ONLY", ...FIXED_TEXT);
	try {
		return readSchema(books, versionNumber, await link.ask(...schemaQueries(books, versionNumber))).schema.database;
	} finally {
		await link.ask("ROLLBACK");
	}
}
var LEAVING_MS, NAME_LENGTH, NO_WAY, RIGHTS, UNREAD;
var init_method_template = __esmMin(() => {
	init_src$3();
	init_backup$2();
	init_src$2();
	init_backup_file();
	init_link();
	init_method_copy();
	init_objects();
	init_reader();
	init_rebuild_rows();
	init_sums();
	init_witness();
	LEAVING_MS = 2e3;
	NAME_LENGTH = 63;
	NO_WAY = "A template copy is looked at by a connection of its own: give `url` or `directUrl`.";
	RIGHTS = "SELECT rolcreatedb OR rolsuper AS \"mayCreate\", rolsuper OR datistemplate OR pg_has_role(datdba, 'USAGE') AS \"mayCopy\" FROM pg_catalog.pg_roles, pg_catalog.pg_database WHERE rolname = current_user AND datname = current_database()";
	UNREAD = {
		needsSnapshot: false,
		begin: async () => void 0,
		rows: async () => /* @__PURE__ */ new Map(),
		end: async () => void 0
	};
});
// ../../adapters/postgres/src/backup.ts
var backup_exports = /* @__PURE__ */ __exportAll({ createBackup: () => createBackup });
/** Copies by the method that was chosen, each restored in one transaction by the method that made it; see `restoreInPlace`. */
function createBackup({ link, by, ways, lock, transactions, history }) {
	const session = randomUUID();
	/** Backups of which it was said that nobody wrote since; it must still be so when they are restored. */
	const quiet = /* @__PURE__ */ new Set();
	const methods = {
		copy: () => copyMethod(link),
		pg_dump: () => dumpMethod(link, ways),
		template: () => templateMethod(link, ways)
	};
	const methodOf = ({ path, details }) => {
		const found = METHODS.find((name) => name === details["by"]);
		if (found !== void 0) return methods[found]();
		throw damaged(path, "was made by a way that this version of Detent does not know");
	};
	const looking = async (look) => {
		if (link.wire.status !== "I") throw new DetentError("INTERNAL", "A transaction is open where none should be.");
		await link.ask("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", ...FIXED_TEXT);
		try {
			return await look(link.ask);
		} finally {
			if (link.wire.isOpen) await link.ask("ROLLBACK");
		}
	};
	const othersWrote = async (manifest, isInside) => {
		const { sessions } = manifest.details;
		const alone = await solitudeOf(link, "ends");
		if (alone !== null && alone === sessions) return false;
		const books = await link.books();
		const untouched = async () => isUntouched(link, books, manifest, await methodOf(manifest).contents(manifest));
		return !await (isInside ? untouched() : looking(untouched));
	};
	/** Gives the backup its manifest and its name, or removes it. */
	const settle = async (method, part, manifest) => {
		try {
			await writeManifest(manifest);
			await renameDurably(part, manifest.path);
		} catch (error) {
			await method.delete({
				...manifest,
				path: part
			}).catch(() => void 0);
			for (const left of [manifest.path, manifestPath(manifest.path)]) await rm(left, { force: true });
			throw error;
		}
	};
	return {
		check: (folder) => looking((ask) => obstacles(link, methods[by](), ask, folder)),
		async backup(path, signal) {
			const part = `${path}.part`;
			const method = methods[by]();
			try {
				for (const there of [path, manifestPath(path)]) if (await stat(there).catch(() => null) !== null) throw new Error(`${there} is there already`);
				const { version } = await link.greeting();
				const runId = lock.held === null ? null : await runOf(link);
				for (let tries = 1;; tries += 1) try {
					const { bytes, hash, fingerprint, objects, sessions, details } = await method.write(part, signal);
					const manifest = {
						format: "detent-backup-1",
						adapter: "postgres",
						product: "PostgreSQL",
						serverVersion: version,
						path,
						createdAt: Date.now(),
						runId,
						bytes,
						hash,
						fingerprint,
						objects,
						details: {
							by,
							session,
							sessions: sessions ?? "",
							...details
						}
					};
					await settle(method, part, manifest);
					return manifest;
				} catch (error) {
					if (tries >= TRIES || signal?.aborted === true || !mayPass(error)) throw error;
					await setTimeout$1(100 * tries);
				}
			} catch (cause) {
				throw backupFailed(path, translate(cause, link.target));
			}
		},
		async verify(manifest) {
			await verifyFile(manifest);
			try {
				await methodOf(manifest).verify(manifest);
			} catch (cause) {
				if (cause instanceof DetentError) throw cause;
				throw damaged(manifest.path, cause instanceof Error ? cause.message : String(cause));
			}
		},
		async sums() {
			const books = await link.books();
			return looking((ask) => contentSums(ask, books));
		},
		async othersWrote(manifest) {
			quiet.delete(manifest.path);
			if (manifest.details["session"] !== session) return true;
			const wrote = await othersWrote(manifest, false);
			if (!wrote) quiet.add(manifest.path);
			return wrote;
		},
		async restore(manifest, record) {
			const { copy } = link.wire;
			try {
				if (copy === null) throw new Error("this driver has no streams");
				await verifyFile(manifest);
				const method = methodOf(manifest);
				const whenLocked = async () => {
					if (quiet.has(manifest.path) && await othersWrote(manifest, true)) throw wroteMeanwhile(manifest);
				};
				let searchPath = "";
				for (let tries = 1;; tries += 1) try {
					const rebuild = (rebuilding) => method.rebuild(manifest, rebuilding);
					await restoreInPlace({
						link,
						copy,
						rebuild,
						transactions,
						history,
						lockMs: lockMsOf(link),
						searchPath,
						whenLocked
					}, manifest, record);
					return;
				} catch (error) {
					const isLocked = error instanceof DetentError && error.code === "LOCK_TIMEOUT";
					const isLost = searchPath === "" && isMissing(error);
					if (!isLocked && !isLost || tries > TRIES || !link.wire.isOpen) throw error;
					if (isLost) searchPath = valueOf((await link.ask("SHOW search_path"))[0]) ?? "";
					else await setTimeout$1(500 * tries);
				}
			} catch (cause) {
				throw restoreFailed(manifest, translate(cause, link.target));
			}
		},
		delete: (manifest) => methodOf(manifest).delete(manifest)
	};
}
/** The hash vouches for everything inside, which was compared with the server when it was written. */
async function verifyFile({ path, bytes, hash }) {
	const stats = await stat(path).catch(() => null);
	if (stats === null) throw damaged(path, "is not there");
	if (stats.size !== bytes || await hashFile(path) !== hash) throw damaged(path, "is not as it was written");
}
function damaged(path, flaw) {
	return new DetentError("BACKUP_DAMAGED", `The backup ${path} ${flaw}.`, {
		hint: "Keep it for a closer look, and use another backup.",
		facts: { path }
	});
}
/** Somebody changed the schema or had a table locked, so that another try may succeed. */
function mayPass(error) {
	if (error instanceof SchemaMoved) return true;
	if (error instanceof ToolFailed) return !error.message.includes("connection to server");
	return error instanceof Refused$1 && error.failure.kind === "refused" && PASSING.has(error.failure.code);
}
function isMissing(error) {
	const code = error instanceof DetentError ? error.facts.serverCode : void 0;
	return code !== void 0 && [
		"42P01",
		"42883",
		"42704"
	].includes(code);
}
async function runOf(link) {
	const { history } = await link.books();
	return valueOf((await link.ask(`SELECT run_id FROM ${history.tables.lock} WHERE id = 1`))[0]);
}
function wroteMeanwhile({ path }) {
	return new DetentError("RESTORE_BLOCKED", "Others wrote to the database while the restore was being prepared.", {
		hint: `When losing that is acceptable, run \`detent restore ${path}\`.`,
		facts: { backup: path }
	});
}
function backupFailed(path, cause) {
	if (cause instanceof DetentError && cause.code !== "INTERNAL" && cause.code !== "READ_ONLY") {
		if (cause.code === "LOCK_LOST" || cause.code === "CONNECTION") return cause;
	}
	const words = cause instanceof Error ? cause.message.replace(/\.$/, "") : String(cause);
	return new DetentError("BACKUP_FAILED", `The backup ${basename(path)} could not be written: ${words}.`, {
		hint: "Nothing was changed. Clear what is in the way, or choose another folder for backups.",
		facts: {
			...cause instanceof DetentError ? cause.facts : {},
			path,
			folder: dirname(path)
		},
		cause
	});
}
var TRIES, PASSING;
var init_backup = __esmMin(() => {
	init_src$3();
	init_backup$2();
	init_backup_check();
	init_dump();
	init_errors();
	init_file();
	init_link();
	init_method_copy();
	init_method_dump();
	init_method_template();
	init_method();
	init_reader();
	init_restore();
	init_sums();
	init_tool();
	init_witness();
	init_wire();
	TRIES = 3;
	PASSING = /* @__PURE__ */ new Set([
		"55P03",
		"40P01",
		"40001",
		"42P01",
		"42703",
		"XX000"
	]);
});
// ../../adapters/postgres/src/backup-when-needed.ts
/** The backup driver, loaded when it is first asked for: most starts need none. */
function backupWhenNeeded(settings) {
	let loaded = null;
	const driver = () => {
		loaded ??= Promise.resolve().then(() => (init_backup(), backup_exports)).then(({ createBackup }) => createBackup(settings));
		return loaded;
	};
	return {
		check: async (folder) => (await driver()).check(folder),
		backup: async (path, signal) => (await driver()).backup(path, signal),
		verify: async (manifest) => (await driver()).verify(manifest),
		sums: async () => (await driver()).sums(),
		othersWrote: async (manifest) => (await driver()).othersWrote(manifest),
		restore: async (manifest, record) => (await driver()).restore(manifest, record),
		delete: async (manifest) => (await driver()).delete(manifest)
	};
}
var init_backup_when_needed = __esmMin(() => {});
// ../../adapters/postgres/src/batches.ts
/** Reads tables in the order of their key, from one place to the next, so that no row is counted past twice. */
function createBatches(link, flush) {
	const keys = /* @__PURE__ */ new Map();
	const keyOf = async (table) => {
		const known = keys.get(table);
		if (known !== void 0) return known;
		const [answer] = await link.ask(keySql(table));
		const rows = answer?.rows ?? [];
		if (rows.length === 0) throw misuse(`There is no table "${table}" to go through.`, "Name a table; with its schema where it is not on the search path.");
		const key = rows.flatMap(({ name, type }) => name === null || name === void 0 ? [] : [{
			name,
			type: type ?? "text"
		}]);
		if (key.length === 0) throw misuse(`The table "${table}" has no key to go along.`, "Give it a primary key first.");
		keys.set(table, key);
		return key;
	};
	return {
		async count(table) {
			await flush();
			await keyOf(table);
			return Number(valueOf((await link.ask(`SELECT count(*) FROM ${quoted(table)}`))[0]));
		},
		async read({ table, size, after }) {
			await flush();
			const key = await keyOf(table);
			const columns = key.map(({ name }) => quoteIdent(postgres$1, name));
			const selected = columns.map((column, index) => `${column}::text AS "${CURSOR}${index}"`).join(", ");
			const place = readCursor(after, key.length);
			const values = key.map(({ type }, index) => `$${index + 1}::text::${type}`).join(", ");
			const condition = place === null ? "" : `WHERE (${columns.join(", ")}) > (${values}) `;
			const text = `SELECT ${selected}, * FROM ${quoted(table)} ${condition}ORDER BY ${columns.join(", ")} LIMIT ${size}`;
			const found = await link.wire.query(text, place ?? []).catch((error) => {
				throw translate(error, link.target);
			});
			const last = found.length < size ? void 0 : found.at(-1);
			return {
				rows: found.map(withoutCursor),
				cursor: last === void 0 ? null : key.map((_, index) => last[`${CURSOR}${index}`])
			};
		}
	};
}
/** `schema.table` or a table along the search path. */
function quoted(table) {
	return quoteIdent(postgres$1, ...table.split("."));
}
/** One row for each column of the primary key; one row of NULLs where the table has none; no row where there is no table. */
function keySql(table) {
	return `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisprimary LEFT JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, place) ON true LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum WHERE c.oid = to_regclass(${literal(quoted(table))}) ORDER BY k.place`;
}
function withoutCursor(row) {
	return Object.fromEntries(Object.entries(row).filter(([column]) => !column.startsWith(CURSOR)));
}
function readCursor(cursor, length) {
	if (cursor === null || cursor === void 0) return null;
	if (Array.isArray(cursor) && cursor.length === length && cursor.every((part) => typeof part === "string")) return cursor;
	throw misuse("The saved place of a batch is not one that PostgreSQL wrote.", "Settle the migration with `detent resolve`.");
}
var CURSOR;
var init_batches = __esmMin(() => {
	init_src$3();
	init_src$2();
	init_errors();
	init_inline();
	init_link();
	CURSOR = "detent cursor ";
});
// ../../adapters/postgres/src/blockers.ts
/** Looks once, after most of the time that a statement may wait. Never throws. */
function watchBlockers(link) {
	const { lockMs } = link.limits;
	let seen = [];
	const pid = sessionOf(link);
	const timer = lockMs === 0 || pid === void 0 ? void 0 : setTimeout(() => void look$1(link, pid).then((found) => seen = found), Math.max(LEAST_WAIT_MS, lockMs * .5));
	timer?.unref();
	return {
		get seen() {
			return seen;
		},
		stop: () => clearTimeout(timer)
	};
}
/** The number by which the server knows this session; none behind a pooler, where it is another at every transaction. */
function sessionOf(link) {
	const known = link.known();
	return known === null || known.pooled ? void 0 : known.pid;
}
async function look$1(link, pid) {
	try {
		const wire = await link.beside();
		const [answer] = wire === null ? [] : await wire.run(blockersSql(pid));
		return (answer?.rows ?? []).map((row) => {
			const who = `${row["usename"] ?? "unknown"}${row["client_addr"] === null ? "" : ` from ${row["client_addr"] ?? ""}`}`;
			const program = row["application_name"] === "" ? "" : ` (${row["application_name"] ?? ""})`;
			return `process ${row["pid"] ?? ""}, ${who}${program}, ${row["state"] ?? "unknown"} for ${row["seconds"] ?? "?"} s`;
		});
	} catch {
		return [];
	}
}
function blockersSql(pid) {
	return `SELECT pid, usename, application_name, client_addr, state, round(extract(epoch FROM clock_timestamp() - coalesce(xact_start, state_change)))::text AS seconds FROM pg_catalog.pg_stat_activity WHERE pid = ANY (pg_blocking_pids(${pid})) ORDER BY xact_start`;
}
var LEAST_WAIT_MS;
var init_blockers = __esmMin(() => {
	LEAST_WAIT_MS = 50;
});
// ../../adapters/postgres/src/build-progress.ts
/** Looks from a second connection how far the server is with an index, and tells. Gives the way to stop; nothing throws. */
function watchBuilds(link, statements, tell) {
	const pid = sessionOf(link);
	if (tell === void 0 || pid === void 0 || !link.mayWatch || !statements.some(({ text }) => BUILDS.test(text))) return () => void 0;
	let isAsking = false;
	let isOver = false;
	const look = async () => {
		if (isAsking) return;
		isAsking = true;
		try {
			const wire = await link.beside();
			const [answer] = wire === null ? [] : await wire.run(progressSql(pid));
			const row = answer?.rows[0];
			if (row !== void 0 && !isOver) tell(phaseOf(row), percentOf(row));
		} catch {} finally {
			isAsking = false;
		}
	};
	const timer = setInterval(() => void look(), EVERY_MS).unref();
	return () => {
		isOver = true;
		clearInterval(timer);
	};
}
function progressSql(pid) {
	return `SELECT p.phase, p.blocks_total, p.blocks_done, p.tuples_total, p.tuples_done, a.pid AS locker, a.usename AS locker_name FROM pg_catalog.pg_stat_progress_create_index p LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = p.current_locker_pid AND p.phase LIKE 'waiting%' WHERE p.pid = ${pid}`;
}
function phaseOf({ phase, locker, locker_name: name }) {
	if (locker !== null && locker !== void 0) return `waiting for process ${locker} of ${name ?? "unknown"}`;
	return phase ?? "building index";
}
/** What is counted depends on the phase: rows put into the tree, or blocks read. */
function percentOf(row) {
	for (const unit of ["tuples", "blocks"]) {
		const total = Number(row[`${unit}_total`] ?? 0);
		if (total > 0) return Math.min(100, Math.floor(100 * Number(row[`${unit}_done`] ?? 0) / total));
	}
	return null;
}
var EVERY_MS, BUILDS;
var init_build_progress = __esmMin(() => {
	init_blockers();
	EVERY_MS = 700;
	BUILDS = /^\s*(?:create\s+(?:unique\s+)?index|reindex|alter\s+table\b[\s\S]*\b(?:primary\s+key|unique|exclude))\b/i;
});
// ../../adapters/postgres/src/concurrent.ts
function waitsForOthers(text) {
	return PATIENT.test(text);
}
/** `null` for any other statement. */
function readConcurrent(text) {
	const bare = text.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, (comment) => " ".repeat(comment.length));
	const build = BUILD.exec(bare);
	if (build?.[3] !== void 0) return {
		kind: "build",
		name: build[2] === void 0 ? null : partsOf(build[2]),
		table: partsOf(build[3]),
		unique: build[1] !== void 0,
		definition: text.slice(build[0].length)
	};
	const drop = DROP.exec(bare);
	if (drop?.[1] !== void 0) return {
		kind: "drop",
		name: partsOf(drop[1])
	};
	const [, table, partition] = DETACH.exec(bare) ?? [];
	if (table !== void 0 && partition !== void 0) return {
		kind: "detach",
		table: partsOf(table),
		partition: partsOf(partition)
	};
	const [, options = "", what, keyword, name] = REBUILD.exec(bare) ?? [];
	if (what === void 0 || keyword === void 0 && !SWITCHED_ON.test(options)) return null;
	const of = what.toLowerCase();
	return {
		kind: "rebuild",
		of: of === "index" || of === "table" || of === "schema" ? of : "database",
		name: of === "database" || of === "system" || name === void 0 ? [] : partsOf(name)
	};
}
/** Names as the server stores them. */
function partsOf(qualified) {
	return [...qualified.matchAll(new RegExp(NAME, "gu"))].map(([part]) => part.startsWith("\"") ? part.slice(1, -1).replaceAll("\"\"", "\"") : part.toLowerCase());
}
var NAME, QUALIFIED, BUILD, REBUILD, DROP, DETACH, PATIENT, SWITCHED_ON;
var init_concurrent = __esmMin(() => {
	NAME = String.raw`(?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)`;
	QUALIFIED = String.raw`${NAME}(?:\s*\.\s*${NAME})?`;
	BUILD = new RegExp(String.raw`^\s*create\s+(unique\s+)?index\s+concurrently\s+(?:if\s+not\s+exists\s+)?(?:(${QUALIFIED})\s+)?on\s+(?:only\s+)?(${QUALIFIED})`, "iu");
	REBUILD = new RegExp(String.raw`^\s*reindex\s*(?:\(([^)]*)\)\s*)?(index|table|schema|database|system)\b\s*(concurrently\b)?\s*(${QUALIFIED})?`, "iu");
	DROP = new RegExp(String.raw`^\s*drop\s+index\s+concurrently\s+(?:if\s+exists\s+)?(${QUALIFIED})`, "iu");
	DETACH = new RegExp(String.raw`^\s*alter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?(${QUALIFIED})\s+detach\s+partition\s+(${QUALIFIED})\s+concurrently\b`, "iu");
	PATIENT = /\bconcurrently\b/i;
	SWITCHED_ON = /\bconcurrently\b(?!\s*(?:false|off|0)\b)/i;
});
// ../../adapters/postgres/src/history.ts
/** The history in its tables. What is written inside the session's transaction goes out, and is committed, with it. */
function createHistory({ link, lock, transactions }) {
	/** Known to be there; a table is not taken away while a session looks. */
	let exists = false;
	let hasEvents = false;
	/** Only the holder of the lock adds lines, so it knows the last without asking. */
	let tail = null;
	/** The transaction looks for the token by itself, when it begins and before it is committed. */
	const isFenced = () => transactions.isWorking && lock.held !== null;
	/** The entries, with the greeting in front where it is not known yet; `null` where there is no history. */
	const readRows = async () => {
		if (link.known() === null) return firstRead();
		const { history } = await link.books();
		if (!exists) {
			const [answer] = await link.ask(`SELECT to_regclass(${literal(history.tables.history)}) IS NOT NULL`);
			exists = valueOf(answer) === "t";
			if (!exists) return null;
		}
		return readBy(history.read);
	};
	/** Everything in the first round trip: who the server is, and the history in the schema that the answer in front names. */
	const firstRead = async () => {
		const { table, schema } = link.options;
		try {
			const answers = await link.wire.run([link.greetingText, ...readWhereThere(table, schema)].join(";\n"));
			const { greeting } = link.greeted(answers[0]);
			exists = greeting.tables.history;
			return exists ? rowsIn(answers[2]) : null;
		} catch (error) {
			if (!(error instanceof Refused$1) || error.failure.kind === "lost" || error.answers.length === 0) throw translate(error, link.target);
			const { greeting, books } = link.greeted(error.answers[0]);
			exists = greeting.tables.history;
			return exists ? readBy(books.history.read) : null;
		}
	};
	const readBy = async (text) => {
		try {
			return rowsIn((await link.wire.run(asOneValue(text)))[0]);
		} catch (error) {
			if (!isRefused(error, NO_TABLE, NO_COLUMN)) throw translate(error, link.target);
			const { history } = await link.books();
			checkColumns(namesIn((await link.ask(columnsSql(history.tables.history)))[0]), history.tableNames.history);
			return rowsIn((await link.ask(asOneValue(readEntries(history.tables.history))))[0]);
		}
	};
	const lastEvent = async (token) => {
		if (lock.held !== null && tail?.token === token) return tail.end;
		await transactions.flush();
		const { history } = await link.books();
		const row = (await link.look(history.lastEvent))?.rows[0];
		return {
			seq: Number(row?.["seq"] ?? 0),
			hash: row?.["hash"] ?? LEDGER_START
		};
	};
	return {
		forgetTail: () => tail = null,
		async read() {
			await transactions.flush();
			const rows = await readRows();
			if (rows === null) return {
				exists: false,
				entries: []
			};
			checkLayout(rows[0]?.["layout"], link.options.table);
			return {
				exists: true,
				entries: rows.map(toEntry)
			};
		},
		async load(id) {
			await transactions.flush();
			const { history } = await link.books();
			exists ||= link.known()?.tables.history ?? false;
			if (!exists && await readRows() === null) return null;
			const row = (await link.look(inline(history.load, [id])))?.rows[0];
			return row === void 0 ? null : toRow(row);
		},
		async init() {
			await link.prepare();
			const { history, createSchema } = await link.books();
			const { tables, schemaExists } = await link.greeting();
			exists ||= tables.history;
			let steps = [...schemaExists ? [] : createSchema, ...history.create];
			if (exists) {
				const [columns, lockRow] = await link.ask(columnsSql(history.tables.history), history.readLock);
				checkColumns(namesIn(columns), history.tableNames.history);
				const layout = lockRow?.rows[0]?.["layout"] ?? null;
				if (layout !== null) steps = history.upgrade(Number(layout));
			}
			const { first } = await lock.fence();
			if (steps.length > 0 && transactions.isWorking) await link.ask(...steps);
			else if (steps.length > 0) await link.ask("BEGIN", ...first, ...steps, "COMMIT");
			exists = true;
			hasEvents = true;
			if (transactions.isWorking) return;
			await link.keep({
				fence: await lock.fenceText(),
				save: history.saveFenced,
				append: history.appendFenced
			});
		},
		async save(row) {
			if (lock.held !== null && row.token !== lock.held.token) throw lockLost({
				token: row.token,
				tokenNow: lock.held.token
			});
			const { history } = await link.books();
			if (row.intent?.kind === "code" && (await link.greeting()).pooled) throw needsDirect(row.file, 1);
			const values = rowValues(row);
			await transactions.write(isFenced() ? link.call("save", ...values) ?? inline(history.saveFenced, values) : inline(history.save, [...values, row.token]));
		},
		async append(line) {
			const { history } = await link.books();
			const token = await lock.token();
			const last = await lastEvent(token);
			const event = {
				...line,
				seq: last.seq + 1,
				previousHash: last.hash,
				hash: chainHash(last.hash, line)
			};
			tail = null;
			const values = eventValues(event);
			await transactions.write(isFenced() ? link.call("append", ...values) ?? inline(history.appendFenced, values) : inline(history.append, [...values, token]));
			tail = {
				token,
				end: {
					seq: event.seq,
					hash: event.hash
				}
			};
		},
		async events(limit) {
			await transactions.flush();
			const { history } = await link.books();
			hasEvents ||= link.known()?.tables.event ?? false;
			if (!hasEvents) {
				const [answer] = await link.ask(`SELECT to_regclass(${literal(history.tables.event)}) IS NOT NULL`);
				hasEvents = valueOf(answer) === "t";
				if (!hasEvents) return [];
			}
			const text = limit === null ? history.events.replace(/ LIMIT \$1$/, "") : inline(history.events, [limit]);
			return ((await link.look(text))?.rows ?? []).map(toEvent).toReversed();
		}
	};
}
/** Rows as one value of JSON: a thousand rows of the driver take five times as long to read. */
function asOneValue(select) {
	return `SELECT json_agg(entry ORDER BY entry.applied_order) FROM (${select}) AS entry`;
}
function rowsIn(answer) {
	return JSON.parse(valueOf(answer) ?? "[]");
}
function columnsSql(table) {
	return `SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass(${literal(table)}) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`;
}
function namesIn(answer) {
	return (answer?.rows ?? []).map(({ attname }) => attname ?? "");
}
/**
* The entries where there is a history, and nothing where there is none: a SELECT from a table that is not there would be an
* error in the server's log.
*/
function readWhereThere(table, schema) {
	const query = asOneValue(`SELECT ${ENTRY_COLUMNS.map(({ name }) => `h.${quoteIdent(postgres$1, name)}`).join(", ")}, l.layout FROM %1$I.%2$I h LEFT JOIN %1$I.%3$I l ON l.id = 1`);
	return [
		`DO ${literal(`DECLARE look refcursor := 'detent_look'; place text := ${schema === null ? "coalesce(current_schema(), 'public')" : literal(schema)}; BEGIN IF to_regclass(format('%I.%I', place, ${literal(table)})) IS NULL THEN OPEN look FOR SELECT 1 WHERE false; ELSE OPEN look FOR EXECUTE format(${literal(query)}, place, ${literal(table)}, ${literal(`${table}_lock`)}); END IF; END`)}`,
		"FETCH ALL FROM detent_look",
		"CLOSE detent_look"
	];
}
function readEntries(table) {
	return `SELECT ${ENTRY_COLUMNS.map(({ name }) => quoteIdent(postgres$1, name)).join(", ")} FROM ${table}`;
}
var NO_TABLE, NO_COLUMN;
var init_history = __esmMin(() => {
	init_src$3();
	init_src$2();
	init_errors();
	init_inline();
	init_link();
	init_wire();
	NO_TABLE = "42P01";
	NO_COLUMN = "42703";
});
// ../../adapters/postgres/src/leftovers.ts
/**
* Drops what an earlier try of the same statement left when it was cut short: it is in the way of the new one, or would stay
* for ever beside it; and `IF NOT EXISTS` would take it for good. Gives the names. Outside a transaction.
*/
async function dropLeftovers(link, statement) {
	if (statement.kind === "drop" || statement.kind === "detach") return [];
	const found = await leftoversOf(link, statement);
	const dropped = [];
	for (const { name } of found) try {
		await link.ask(`DROP INDEX CONCURRENTLY IF EXISTS ${name}`);
		dropped.push(name);
	} catch (error) {
		link.logger.warn(`The unfinished index ${name} could not be dropped: ${String(error)}`);
	}
	return dropped;
}
async function leftoversOf(link, statement) {
	if (statement.kind === "rebuild") return invalidIndexes(link, `${REBUILT} AND ${scopeOf(statement)}`);
	const { name, table } = statement;
	const onTable = `i.indrelid = ${regclass(table)}`;
	if (name !== null) return invalidIndexes(link, `${onTable} AND c.relname = ${literal(name.at(-1) ?? "")}`);
	const found = await invalidIndexes(link, onTable);
	if (found.length === 0) return [];
	const definition = await definitionOf(link, statement);
	return found.filter((index) => index.definition === definition);
}
async function invalidIndexes(link, condition) {
	const [answer] = await link.ask(`SELECT format('%I.%I', n.nspname, c.relname) AS name, ${madeOf("i")} AS definition FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE NOT i.indisvalid AND ${condition} AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)`);
	return (answer?.rows ?? []).map(({ name, definition }) => ({
		name: name ?? "",
		definition: definition ?? ""
	}));
}
function madeOf(index) {
	return `concat_ws(' ', ${index}.indisunique, substring(pg_get_indexdef(${index}.indexrelid) from ' USING .*'))`;
}
function scopeOf({ of, name }) {
	const withParts = (parent) => `SELECT ${parent}::oid UNION SELECT relid::oid FROM pg_partition_tree(${parent})`;
	switch (of) {
		case "index": return `i.indrelid IN (SELECT x.indrelid FROM pg_catalog.pg_index x WHERE x.indexrelid IN (${withParts(regclass(name))}))`;
		case "table": return onTables(`t.oid IN (${withParts(regclass(name))})`);
		case "schema": return onTables(`t.relnamespace = to_regnamespace(${literal(quoteIdent(postgres$1, ...name))})`);
		case "database": return "true";
	}
}
/** On these tables, or on what the server keeps behind them for long values. */
function onTables(condition) {
	return `EXISTS (SELECT 1 FROM pg_catalog.pg_class t WHERE i.indrelid IN (t.oid, t.reltoastrelid) AND ${condition})`;
}
/** The object of that name; NULL where there is none. */
function regclass(name) {
	return `to_regclass(${literal(quoteIdent(postgres$1, ...name))})`;
}
/** As the server would write it: asked of an empty table of the same columns, whose name the definition may hold too. */
async function definitionOf(link, { table, unique, definition }) {
	const twin = `pg_temp.${quoteIdent(postgres$1, table.at(-1) ?? "")}`;
	try {
		return valueOf((await link.ask("BEGIN", `CREATE TEMP TABLE ${quoteIdent(postgres$1, table.at(-1) ?? "")} (LIKE ${quoteIdent(postgres$1, ...table)}) ON COMMIT DROP`, `CREATE ${unique ? "UNIQUE " : ""}INDEX ON ${twin} ${definition}`, `SELECT ${madeOf("i")} FROM pg_catalog.pg_index i WHERE i.indrelid = ${literal(twin)}::regclass`, "ROLLBACK"))[3]);
	} catch {
		return null;
	}
}
var REBUILT;
var init_leftovers = __esmMin(() => {
	init_src$2();
	init_inline();
	init_link();
	REBUILT = `c.relname ~ '_cc(new|old)[0-9]*\$' AND EXISTS (SELECT 1 FROM pg_catalog.pg_index o WHERE o.indrelid = i.indrelid AND o.indexrelid <> i.indexrelid AND ${madeOf("o")} = ${madeOf("i")})`;
});
// ../../adapters/postgres/src/heartbeat.ts
/**
* Shows now and then that the holder lives, and drops the session as soon as it holds nothing any more, or when a sign of
* life stays unanswered: what waits then, and whatever comes, fails with `LOCK_LOST`. Gives the way to stop.
*
* Directly, the session is the lease, so nothing is lost by keeping silent; behind a pooler the end of the lease is put off,
* and a transaction that is open keeps it by itself, however busy this process is. While a statement runs, a second
* connection looks whether the lock is still there: without one, only the end of the connection tells.
*/
function keepAlive({ link, sql, token, pooled }) {
	const { wire, lease } = link;
	const { leaseMs, heartbeatMs } = lease;
	let confirmed = performance.now();
	let awake = confirmed;
	/** Which connection has not answered yet. */
	let asking = null;
	const isHeldHere = async () => {
		if (!pooled) return (await wire.run("")).length > 0;
		return (await link.record(sql.heartbeat(token, leaseMs)))[0]?.tag === "UPDATE 1";
	};
	const isHeldBeside = async () => {
		const beside = link.mayWatch ? await link.beside() : null;
		if (beside === null || !beside.isIdle || beside.status !== "I") return true;
		const pid = String(link.known()?.pid);
		const answer = await Promise.race([beside.run(pooled ? sql.token : sql.isHeldBy(pid)), setTimeout$1(heartbeatMs, void 0, { ref: false })]);
		if (answer === void 0) await beside.close(true);
		if (answer === void 0 || valueOf(answer[0]) === (pooled ? String(token) : "t")) return true;
		if (!pooled) await Promise.race([beside.run(`SELECT pg_cancel_backend(${pid})`), setTimeout$1(heartbeatMs, void 0, { ref: false })]);
		return false;
	};
	let isOver = false;
	const stop = () => {
		isOver = true;
		clearInterval(timer);
	};
	const lose = () => {
		if (isOver) return;
		stop();
		wire.drop(lockLost({ token }));
	};
	const ask = async () => {
		asking = wire.isIdle ? "here" : "beside";
		try {
			if (await (asking === "here" ? isHeldHere() : isHeldBeside())) confirmed = performance.now();
			else lose();
		} catch {} finally {
			asking = null;
		}
	};
	const timer = setInterval(() => {
		const now = performance.now();
		const wasAway = now - awake > 2 * heartbeatMs;
		awake = now;
		if (!wire.isOpen) return stop();
		if (pooled && wire.isIdle && wire.status !== "I") confirmed = now;
		else if (asking === null) ask();
		else if (asking === "here" && !wasAway && now - confirmed >= leaseMs * PATIENCE) lose();
	}, heartbeatMs).unref();
	return stop;
}
var PATIENCE;
var init_heartbeat = __esmMin(() => {
	init_errors();
	init_link();
	PATIENCE = 2 / 3;
});
// ../../adapters/postgres/src/holder.ts
/** `null` when the lock is free: no session has it, and no lease runs. */
function readHolder(row) {
	if (row === void 0) return null;
	const number = (name) => Number(row[name] ?? 0);
	const backend = row["lock_pid"] === null || row["lock_pid"] === void 0 ? null : number("lock_pid");
	const runId = row["run_id"] ?? null;
	const leaseRuns = runId !== null && row["expires"] !== null && number("expires") >= number("now");
	if (backend === null && !leaseRuns) return null;
	const sign = row["state"] === "active" ? number("now") : Math.max(number("state_change"), number("heartbeat"));
	if (runId !== null && (backend === null || leaseRuns || row["backend"] === String(backend))) return {
		runId,
		username: row["username"] ?? "unknown",
		host: row["host"] ?? "unknown",
		pid: number("pid"),
		since: number("since"),
		heartbeat: String(sign),
		token: number("token"),
		backend,
		named: true
	};
	return {
		runId: row["application_name"] ?? "unknown",
		username: row["usename"] ?? "unknown",
		host: row["client_addr"] ?? "the server itself",
		pid: backend ?? 0,
		since: number("backend_start"),
		heartbeat: String(sign),
		token: number("token"),
		backend,
		named: false
	};
}
function publicPart({ runId, username, host, pid, since, heartbeat, token }) {
	return {
		runId,
		username,
		host,
		pid,
		since,
		heartbeat,
		token
	};
}
var init_holder = __esmMin(() => {});
// ../../adapters/postgres/src/lock-statements.ts
function lockStatements({ history, key, createSchema }, schemaExists) {
	const table = history.tables.lock;
	const ids = `${key.space}, ${key.number}`;
	const expires = (leaseMs) => leaseMs === null ? "NULL" : `${NOW} + ${leaseMs}`;
	const granted = `locktype = 'advisory' AND granted AND objsubid = 2 AND classid = ${key.space} AND objid = ${key.number} AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())`;
	const isHeldBy = (pid) => `SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_lock_status() WHERE ${granted} AND pid = ${pid})`;
	const fence = (token, locking) => `SELECT CAST(CASE WHEN EXISTS (SELECT 1 FROM ${table} WHERE id = 1 AND token = ${token}${locking}) THEN txid_current()::text ELSE ${literal(FENCE)} END AS bigint) AS xid`;
	return {
		create: [...schemaExists ? [] : createSchema, ...history.createLock],
		tryLock: `SELECT pg_try_advisory_lock(${ids}) AS got, to_regclass(${literal(table)}) IS NOT NULL AS there`,
		tryLockHere: `SELECT pg_try_advisory_xact_lock(${ids}) AS got, to_regclass(${literal(table)}) IS NOT NULL AS there`,
		unlock: `SELECT pg_advisory_unlock(${ids}) AS given_back`,
		holder: (withRow) => `SELECT ${withRow ? "l.token, l.run_id, l.username, l.host, l.pid, l.backend, l.since, l.heartbeat, l.expires" : "NULL AS run_id"}, ${NOW} AS now, k.pid AS lock_pid, a.state, pg_get_userbyid(a.usesysid) AS usename, a.application_name, a.client_addr, (extract(epoch FROM a.state_change) * 1000)::bigint AS state_change, (extract(epoch FROM a.backend_start) * 1000)::bigint AS backend_start FROM (SELECT 1) AS one ` + (withRow ? `LEFT JOIN ${table} l ON l.id = 1 ` : "") + `LEFT JOIN LATERAL (SELECT pid FROM pg_catalog.pg_lock_status() WHERE ${granted} LIMIT 1) k ON true LEFT JOIN LATERAL pg_catalog.pg_stat_get_activity(k.pid) a ON k.pid IS NOT NULL`,
		take: ({ runId, username, host, pid }, backend, leaseMs) => `WITH free AS (SELECT id FROM ${table} WHERE id = 1 AND (run_id IS NULL OR expires IS NULL OR expires < ${NOW}) FOR UPDATE SKIP LOCKED) UPDATE ${table} l SET token = l.token + 1, run_id = ${literal(runId)}, username = ${literal(username)}, host = ${literal(host)}, pid = ${pid}, backend = ${literal(String(backend))}, since = ${NOW}, heartbeat = ${NOW}, expires = ${expires(leaseMs)} FROM free WHERE l.id = free.id RETURNING l.token`,
		token: `SELECT token FROM ${table} WHERE id = 1`,
		isHeldBy,
		tokenHere: `SELECT token FROM ${table} WHERE id = 1 AND (${isHeldBy("pg_backend_pid()")})`,
		heartbeat: (token, leaseMs) => `UPDATE ${table} SET heartbeat = ${NOW}, expires = ${expires(leaseMs)} WHERE id = 1 AND token = ${token}`,
		giveBack: (token) => `UPDATE ${table} SET run_id = NULL, expires = NULL WHERE id = 1 AND token = ${token}`,
		void: `UPDATE ${table} SET token = token + 1, run_id = NULL, expires = NULL WHERE id = 1`,
		fence: (token) => fence(token, ""),
		keptFence: fence("$1::bigint", ""),
		fenceKeeping: (token) => fence(token, " FOR UPDATE")
	};
}
var init_lock_statements = __esmMin(() => {
	init_bookkeeping();
	init_errors();
	init_inline();
});
// ../../adapters/postgres/src/lock.ts
/**
* Directly, the lock is PostgreSQL's own, kept by the session that does the work and gone with it: a statement that still
* runs in the server for a dead client keeps it too. It is asked for again and again and never waited for in the server,
* where a waiter would stand in the way of CREATE INDEX CONCURRENTLY. Beside it a row says who holds it, with a token that
* only rises; every transaction of the holder finds its token there, or ends.
*
* Behind a pooler each transaction may run in another session of the server, so there the row itself is the lock: it has
* an end that the holder puts off, and every transaction keeps it from being taken until it is over.
*/
function createLock(link) {
	const { leaseMs } = link.lease;
	let statements = null;
	let held = null;
	let tableExists = false;
	const sqlOf = async () => {
		if (statements !== null) return statements;
		const books = await link.books();
		const { schemaExists, tables } = await link.greeting();
		tableExists ||= tables.lock;
		return statements = lockStatements(books, schemaExists);
	};
	const hasTable = async () => {
		const { history } = await link.books();
		if (!tableExists) {
			const [answer] = await link.ask(`SELECT to_regclass('${history.tables.lock.replaceAll("'", "''")}') IS NOT NULL`);
			tableExists = valueOf(answer) === "t";
		}
		return tableExists;
	};
	const look = async () => {
		const sql = await sqlOf();
		const [answer] = await link.ask(sql.holder(await hasTable()));
		return readHolder(answer?.rows[0]);
	};
	/** The keys that are held by way of this very connection. */
	const here = () => {
		const shared = link.wire.db;
		const keys = holders.get(shared) ?? /* @__PURE__ */ new Set();
		holders.set(shared, keys);
		return keys;
	};
	const takeDirectly = async (owner) => {
		const sql = await sqlOf();
		const { key } = await link.books();
		if (here().has(key.number)) return heldBy(await look());
		const [answer] = await link.prepare(sql.tryLock);
		if (answer?.rows[0]?.["got"] !== "t") return heldBy(await look());
		tableExists ||= answer.rows[0]["there"] === "t";
		try {
			const { pid } = await link.greeting();
			const token = valueOf((await link.ask(...tableExists ? [] : sql.create, sql.take(owner, pid, null))).at(-1));
			tableExists = true;
			if (token !== null) {
				here().add(key.number);
				return Number(token);
			}
			const holder = await look();
			await link.ask(sql.unlock);
			return heldBy(holder);
		} catch (error) {
			if (link.wire.isOpen) await link.ask(sql.unlock).catch(() => void 0);
			throw error;
		}
	};
	const takePooled = async (owner) => {
		const sql = await sqlOf();
		await link.prepare();
		const row = (await link.ask("BEGIN", sql.tryLockHere)).at(-1)?.rows[0];
		try {
			if (row?.["got"] !== "t") return heldBy(await look());
			const { pid } = await link.greeting();
			const token = valueOf((await link.ask(...row["there"] === "t" ? [] : sql.create, sql.take(owner, pid, leaseMs))).at(-1));
			await link.ask("COMMIT");
			tableExists = true;
			return token === null ? heldBy(await look()) : Number(token);
		} finally {
			if (link.wire.isOpen && link.wire.status !== "I") await link.ask("ROLLBACK").catch(() => void 0);
		}
	};
	const leaseOf = (token, pooled, sql) => {
		const stop = keepAlive({
			link,
			sql,
			token,
			pooled
		});
		const lease = {
			token,
			pooled,
			async assert() {
				const now = valueOf(await link.look(pooled ? sql.token : sql.tokenHere));
				if (now !== String(token)) throw lockLost({
					token,
					tokenNow: now === null ? null : Number(now)
				});
			},
			async [Symbol.asyncDispose]() {
				stop();
				if (held !== lease) return;
				held = null;
				here().delete((await link.books()).key.number);
				if (!link.wire.isOpen) return;
				try {
					if (link.wire.status !== "I") await link.ask("ROLLBACK");
					const answers = await link.record(sql.giveBack(token), ...pooled ? [] : [sql.unlock]);
					if (!pooled && valueOf(answers.at(-1)) !== "t") throw new Error("The server says that it was not held.");
				} catch {
					await link.wire.close(true);
				}
			}
		};
		return lease;
	};
	return {
		get held() {
			return held;
		},
		async fence() {
			if (held === null) return {
				first: [],
				last: []
			};
			const sql = await sqlOf();
			const { token } = held;
			if (!held.pooled) {
				const text = link.call("fence", token) ?? sql.fence(token);
				return {
					first: [text],
					last: [text]
				};
			}
			return {
				first: [sql.tryLockHere, sql.fenceKeeping(token)],
				last: [sql.heartbeat(token, leaseMs)]
			};
		},
		fenceText: async () => (await sqlOf()).keptFence,
		async token() {
			if (held !== null) return held.token;
			const sql = await sqlOf();
			if (!await hasTable()) return 0;
			return Number(valueOf(await link.look(sql.token)) ?? 0);
		},
		async tryAcquire(owner) {
			const sql = await sqlOf();
			if (held !== null) return heldBy(await look());
			const { pooled } = await link.greeting();
			const taken = await (pooled ? takePooled(owner) : takeDirectly(owner));
			if (typeof taken !== "number") return taken;
			held = leaseOf(taken, pooled, sql);
			return {
				kind: "acquired",
				lease: held
			};
		},
		async holder() {
			const holder = await look();
			return holder === null ? null : publicPart(holder);
		},
		async break({ fence }) {
			const sql = await sqlOf();
			const holder = await look();
			if (holder === null || !fence && !holder.named) return null;
			await link.prepare();
			if (fence && holder.backend !== null) await endSession(link, holder.backend);
			if (await hasTable()) await link.ask(sql.void);
			return publicPart(holder);
		},
		async close() {
			await held?.[Symbol.asyncDispose]();
		}
	};
}
function heldBy(holder) {
	if (holder !== null) return {
		kind: "held",
		holder: publicPart(holder)
	};
	return {
		kind: "held",
		holder: {
			runId: "",
			username: "another run",
			host: "unknown",
			pid: 0,
			since: Date.now(),
			token: 0,
			heartbeat: String(Date.now())
		}
	};
}
/** Ends a session in the server, with whatever it executes, and waits until it is gone. */
async function endSession(link, backend) {
	const gone = `SELECT NOT EXISTS (SELECT 1 FROM pg_catalog.pg_stat_activity WHERE pid = ${backend})`;
	await link.ask(`SELECT pg_terminate_backend(${backend})`);
	for (const end = Date.now() + ENDING_MS; Date.now() < end; await setTimeout$1(20)) if (valueOf((await link.ask(gone))[0]) === "t") return;
	throw new DetentError("LOCK_HELD", `The holder's session in the server (process ${backend}) does not end.`, {
		hint: "It may be writing to a slow disk; try again, or ask the administrator of the server.",
		facts: { backend }
	});
}
var holders, ENDING_MS;
var init_lock = __esmMin(() => {
	init_src$3();
	init_errors();
	init_heartbeat();
	init_holder();
	init_link();
	init_lock_statements();
	holders = /* @__PURE__ */ new WeakMap();
	ENDING_MS = 3e4;
});
// ../../adapters/postgres/src/message.ts
/**
* Sends several commands in one message of the simple protocol, which the server executes in order up to the first that it
* refuses. All of them are parsed before the first is executed. Throws `MessageRefused`; `locate` says which part it was.
*/
async function send(wire, parts, hear) {
	const heard = hear === void 0 ? void 0 : (answer, index) => {
		const part = parts[index];
		if (part !== void 0) hear(answer, part);
	};
	try {
		return await wire.run(parts.map(({ text }) => text).join(SEPARATOR), heard);
	} catch (error) {
		throw error instanceof Refused$1 ? new MessageRefused(error, parts) : error;
	}
}
/** Finds the part: by the place that the server names, else by how many commands it had completed. */
function locate({ failure, answers, parts }) {
	if (failure.position === null) return {
		part: parts[answers.length] ?? null,
		position: null
	};
	let left = failure.position;
	for (const part of parts) {
		const position = unitsOf(part.text, left);
		if (position !== null) return {
			part,
			position
		};
		left -= lengthOf(part.text) + 3;
		if (left < 0) return {
			part,
			position: part.text.length
		};
	}
	return {
		part: parts.at(-1) ?? null,
		position: null
	};
}
/** The index of a character, also of the one past the end; `null` beyond. */
function unitsOf(text, characters) {
	let units = 0;
	for (let count = 0; count < characters; count += 1) {
		if (units >= text.length) return null;
		units += (text.codePointAt(units) ?? 0) > 65535 ? 2 : 1;
	}
	return units;
}
function lengthOf(text) {
	let count = 0;
	for (let units = 0; units < text.length; count += 1) units += (text.codePointAt(units) ?? 0) > 65535 ? 2 : 1;
	return count;
}
/** How many rows a statement changed; `null` when its tag does not say. */
function rowsOf$1({ tag }) {
	const [, count] = /^(?:INSERT \d+|UPDATE|DELETE|MERGE|COPY|MOVE) (\d+)$/.exec(tag) ?? [];
	return count === void 0 ? null : Number(count);
}
var SEPARATOR, MessageRefused;
var init_message = __esmMin(() => {
	init_wire();
	SEPARATOR = "\n;\n";
	MessageRefused = class extends Refused$1 {
		parts;
		constructor({ failure, answers, cause }, parts) {
			super(failure, answers, cause);
			this.parts = parts;
		}
	};
});
// ../../adapters/postgres/src/server.ts
/** The facts come with the first question that is put to the server: a start that finds nothing to do must not pay for them. */
function describeServer(link) {
	return {
		product: "PostgreSQL",
		get version() {
			return link.known()?.version ?? link.wire.serverVersion ?? "unknown";
		},
		get facts() {
			const greeting = link.known();
			return greeting === null ? [] : factsOf(greeting);
		}
	};
}
function factsOf(greeting) {
	const { version, versionNumber, user, database, schema, walLevel, encoding, clockOffsetMs } = greeting;
	return [
		versionNumber < OLDEST ? {
			name: "PostgreSQL",
			value: version,
			level: "warn",
			hint: "Detent is tested on PostgreSQL 15 and later."
		} : {
			name: "PostgreSQL",
			value: version,
			level: "ok"
		},
		{
			name: "database",
			value: `${database}, as ${user}${greeting.isSuperuser ? " (superuser)" : ""}`,
			level: "ok"
		},
		schemaFact(greeting),
		writableFact(greeting),
		greeting.pooled ? {
			name: "pooler",
			value: "between here and the server",
			level: "warn",
			hint: "Give `directUrl` for statements that cannot run in a transaction, such as CREATE INDEX CONCURRENTLY."
		} : {
			name: "pooler",
			value: "none",
			level: "ok"
		},
		Math.abs(clockOffsetMs) > CLOCK_DIFFERENCE_MS ? {
			name: "clock",
			value: `${Math.round(clockOffsetMs / 1e3)} s apart`,
			level: "warn",
			hint: "Set both clocks by NTP."
		} : {
			name: "clock",
			value: "as here",
			level: "ok"
		},
		greeting.maySignal ? {
			name: "unlock --fence",
			value: "may end any session",
			level: "ok"
		} : {
			name: "unlock --fence",
			value: `may end sessions of ${user}`,
			level: "ok"
		},
		encoding === "UTF8" ? {
			name: "encoding",
			value: encoding,
			level: "ok"
		} : {
			name: "encoding",
			value: encoding,
			level: "warn",
			hint: "What it cannot write is refused; UTF8 takes everything."
		},
		{
			name: "history",
			value: `in the schema ${schema}`,
			level: "ok"
		},
		{
			name: "wal_level",
			value: walLevel,
			level: "ok"
		}
	];
}
function schemaFact({ schema, schemaExists, mayCreate, user, tables }) {
	const name = "privileges";
	if (!schemaExists) return {
		name,
		value: `the schema ${schema} is not there yet`,
		level: "ok"
	};
	if (mayCreate) return {
		name,
		value: `may create in the schema ${schema}`,
		level: "ok"
	};
	return {
		name,
		value: `may not create in the schema ${schema}`,
		level: tables.history ? "warn" : "error",
		hint: `GRANT CREATE ON SCHEMA ${schema} TO ${user}, or name another with \`schema\`.`
	};
}
function writableFact({ isStandby, isReadOnly }) {
	const name = "writable";
	if (isStandby) return {
		name,
		value: "no: it is a standby",
		level: "error",
		hint: "Connect to the primary."
	};
	if (isReadOnly) return {
		name,
		value: "no: default_transaction_read_only is on",
		level: "error",
		hint: "Switch it off for this role."
	};
	return {
		name,
		value: "yes",
		level: "ok"
	};
}
var OLDEST, CLOCK_DIFFERENCE_MS;
var init_server = __esmMin(() => {
	OLDEST = 12e4;
	CLOCK_DIFFERENCE_MS = 5e3;
});
// ../../adapters/postgres/src/trace.ts
/**
* How it can be told that such a statement came to its end. An index that is being dropped, and a partition that is being
* detached, are gone from the schema with the first of several steps; so it is asked whether there is anything left of
* them. `null`: the whole schema tells.
*/
async function traceOf(link, statement) {
	switch (statement.kind) {
		case "build": return null;
		case "rebuild": return { kind: "idempotent" };
		case "drop":
		case "detach": {
			const [found] = await link.ask(`SELECT ${scopeSql(statement)}`);
			const scope = valueOf(found);
			return scope === null ? null : {
				kind: "schema",
				fingerprint: THERE,
				scope,
				after: GONE
			};
		}
	}
}
/** What `traceOf` promised of a scope, now. */
async function look(link, scope) {
	const [kind, object = "", of = ""] = scope.split(" ");
	const there = kind === "index" ? `SELECT 1 FROM pg_catalog.pg_class WHERE oid = ${Number(object)} AND relkind IN ('i', 'I')` : `SELECT 1 FROM pg_catalog.pg_inherits WHERE inhrelid = ${Number(object)} AND inhparent = ${Number(of)}`;
	const [answer] = await link.ask(`SELECT EXISTS (${there})`);
	return valueOf(answer) === "t" ? THERE : GONE;
}
function scopeSql(statement) {
	return statement.kind === "drop" ? `'index ' || ${regclass(statement.name)}::oid` : `'partition ' || ${regclass(statement.partition)}::oid || ' ' || ${regclass(statement.table)}::oid`;
}
/** What ends the detaching of a partition that was begun and cut short; `null` where nothing was begun. */
async function finishing(link, statement) {
	if (statement.kind !== "detach") return null;
	const { table, partition } = statement;
	const [answer] = await link.ask(`SELECT inhdetachpending FROM pg_catalog.pg_inherits WHERE inhrelid = ${regclass(partition)} AND inhparent = ${regclass(table)}`);
	if (valueOf(answer) !== "t") return null;
	return `ALTER TABLE ${quoteIdent(postgres$1, ...table)} DETACH PARTITION ${quoteIdent(postgres$1, ...partition)} FINALIZE`;
}
var THERE, GONE;
var init_trace = __esmMin(() => {
	init_src$2();
	init_leftovers();
	init_link();
	THERE = "there";
	GONE = "gone";
});
// ../../adapters/postgres/src/cancel.ts
/** Cancels, from a second connection, what the session executes when the signal comes. Gives the way to stop listening. */
function cancelOn(link, signal) {
	const pid = sessionOf(link);
	if (signal === void 0 || pid === void 0) return () => void 0;
	const cancel = () => {
		link.beside().then((wire) => wire?.run(`SELECT pg_cancel_backend(${pid})`)).catch(() => void 0);
	};
	signal.addEventListener("abort", cancel, { once: true });
	return () => signal.removeEventListener("abort", cancel);
}
var init_cancel = __esmMin(() => {
	init_blockers();
});
// ../../adapters/postgres/src/outcome.ts
function endSql(xid) {
	return `SELECT pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE backend_xid = (${xid} % 4294967296)::text::xid`;
}
/**
* How a transaction ended whose answer was lost, asked for on another connection. One that is still in progress belongs to
* a session that has not noticed yet that its client is gone; it is ended, so that the answer stays true.
*/
async function outcomeOf(link, xid) {
	if (xid === null || !link.hasBeside) return "unknown";
	for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await setTimeout$1(50)) {
		const wire = await link.beside();
		if (wire === null) continue;
		try {
			const answers = await Promise.race([wire.run(`SELECT txid_status(${xid})`), setTimeout$1(ANSWER_MS, void 0, { ref: false })]);
			if (answers === void 0) {
				await wire.close(true);
				continue;
			}
			const status = valueOf(answers[0]);
			if (status === "committed") return "committed";
			if (status === "aborted") return "rolled-back";
			if (status !== "in progress") return "unknown";
			await wire.run(endSql(xid));
		} catch {}
	}
	return "unknown";
}
var PATIENCE_MS, ANSWER_MS;
var init_outcome = __esmMin(() => {
	init_link();
	PATIENCE_MS = 15e3;
	ANSWER_MS = 3e3;
});
// ../../adapters/postgres/src/commit.ts
/** Sends what is held back and the COMMIT in one message. Throws typed errors; the transaction may still be open then. */
async function commitWork({ link, lock, current, beginning }) {
	const { wire } = link;
	if (!current.begun && current.held.length === 0) return;
	if (current.begun && await wire.look() === "I") throw ended();
	const { pooled } = await link.greeting();
	const { last } = await lock.fence();
	const parts = [...current.begun ? [] : await beginning(false), ...[
		...current.isCode ? [`RELEASE SAVEPOINT ${MARK}`] : [],
		...link.traces ? AS_CONNECTED : [],
		...current.held.splice(0),
		...last,
		...pooled ? resetSql(false) : [],
		"COMMIT"
	].map((text) => ({ text }))];
	let answers;
	try {
		answers = await send(wire, parts);
	} catch (error) {
		if (!(error instanceof Refused$1)) throw error;
		if (error.failure.kind === "lost") return afterLoss(link, current, error);
		if (current.isCode && error.answers.length === 0) throw codeEnded(error);
		throw commitRefused(link, error);
	}
	if (answers.at(-1)?.tag !== "COMMIT") throw ended();
}
/** The answer to a COMMIT is lost: it is asked for, never sent again. */
async function afterLoss(link, { xid }, error) {
	switch (await outcomeOf(link, xid)) {
		case "committed": return;
		case "rolled-back": throw translate(error, link.target);
		case "unknown": throw commitUnknown(link.target, error);
	}
}
function commitRefused(link, error) {
	const { failure } = error;
	if (failure.code === "26000") return statementsGone(failure, error);
	if (!failure.code.startsWith("23")) return translate(error, link.target);
	return new DetentError("STATEMENT_FAILED", `The transaction could not be committed: ${failure.message}.`, {
		hint: "A constraint that is checked at the end does not hold; correct the rows in the migration.",
		facts: factsOf$1(failure),
		cause: error.cause
	});
}
/** A function or a trigger did what a statement would have told. */
function statementsGone(failure, error) {
	return new DetentError("STATEMENT_FAILED", "The migration threw away the prepared statements of its session.", {
		hint: "Where a function does it, write `DEALLOCATE ALL` into the file too, so that Detent knows.",
		facts: factsOf$1(failure),
		cause: error.cause
	});
}
/** The savepoint is gone, or the code swallowed the error of a statement of its own. */
function codeEnded(error) {
	if (error.failure.code !== "25P02") return ended({}, error.cause);
	return new DetentError("SCRIPT_FAILED", "A statement of the migration failed, and the migration went on as if it had not.", {
		hint: "Let the error through, or put a SAVEPOINT before what may fail.",
		facts: factsOf$1(error.failure),
		cause: error.cause
	});
}
var MARK;
var init_commit = __esmMin(() => {
	init_src$3();
	init_errors();
	init_message();
	init_outcome();
	init_settings();
	init_wire();
	MARK = "detent_work";
});
// ../../adapters/postgres/src/hints.ts
/** The next step after a refused statement; `null` when there is nothing to say that the server has not said. */
function hintFor(text, failure, position) {
	const { code, hint } = failure;
	if (code === "42601") return syntaxHint(text, position) ?? hint;
	return hint ?? HINTS[code] ?? null;
}
function syntaxHint(text, position) {
	if (position !== null && position > 0 && STARTS_STATEMENT.test(text.slice(position))) {
		if (/(?:\n|\))\s*$/.test(text.slice(0, position))) return "Is a semicolon missing before this word?";
	}
	const habit = HABITS.find(([pattern]) => pattern.test(text))?.[1];
	if (habit !== void 0) return habit;
	return position !== null && position >= text.length ? "The statement ends too early; is a parenthesis open?" : null;
}
var HINTS, HABITS, STARTS_STATEMENT;
var init_hints = __esmMin(() => {
	HINTS = {
		"23502": "Give the column a value in every row, or a DEFAULT.",
		"23503": "The row it refers to is not there; insert parents before children, and delete them after.",
		"23505": "Two rows have the same value; make them differ in an earlier statement.",
		"23514": "A row does not pass the CHECK; correct the rows first, or add the constraint NOT VALID.",
		"25001": "It cannot run in a transaction: write `-- detent:transaction none` into the file.",
		"42501": "Grant the user what it needs, or run as the owner.",
		"42703": "Is the column spelled as it was created? Quoted names keep their capitals.",
		"42704": "Is there a migration before this one that creates it, or an extension to be created first?",
		"42883": "Is there an extension to be created first, or is a conversion missing? A function that an application registers is not here.",
		"42P01": "Is there a migration before this one that creates it? Names are looked up along search_path.",
		"42P07": "It is there already: was it made by hand, or by a migration that is not in the history? See `detent mark`.",
		"42701": "It is there already: was it made by hand, or by a migration that is not in the history? See `detent mark`.",
		"42710": "It is there already: was it made by hand, or by a migration that is not in the history? See `detent mark`.",
		"2BP01": "Drop what depends on it first, or add CASCADE after looking at what goes along.",
		"3F000": "Create the schema in an earlier migration.",
		"53100": "Free some space on the server's disk and start again.",
		"54001": "Raise max_stack_depth, or take the statement apart.",
		"55006": "Other sessions use it; end them first.",
		"55P04": "A new value of an enum can be used only after its transaction; put it into a migration of its own.",
		"0A000": "This server does not have the feature; see its version in `detent doctor`."
	};
	HABITS = [
		[/\bauto_?increment\b/i, "PostgreSQL writes it bigint GENERATED ALWAYS AS IDENTITY."],
		[/\binsert\s+column\b/i, "Did you mean ADD COLUMN?"],
		[/\b(?:modify|change)\s+column\b/i, "PostgreSQL writes it ALTER COLUMN name TYPE …, ALTER COLUMN name SET NOT NULL."],
		[/`/, "PostgreSQL quotes names with double quotes."],
		[/\bdatetime\b/i, "PostgreSQL calls it timestamptz, or timestamp."],
		[/\)\s*(?:engine|default\s+charset|charset)\s*=/i, "Table options such as ENGINE= belong to MySQL; leave them out."],
		[/\badd\s+constraint\s+if\s+not\s+exists\b/i, "There is no IF NOT EXISTS for constraints; a migration runs once, so leave it out."],
		[/\bcreate\s+type\s+if\s+not\s+exists\b/i, "There is no IF NOT EXISTS for types; a migration runs once, so leave it out."],
		[/\bunsigned\b/i, "PostgreSQL has no unsigned numbers; take the next wider type and a CHECK."],
		[/\bon\s+duplicate\s+key\b/i, "PostgreSQL writes it ON CONFLICT (column) DO UPDATE."],
		[/\breplace\s+into\b/i, "PostgreSQL writes it INSERT … ON CONFLICT … DO UPDATE."],
		[/\b(?:key|index)\s+\w+\s*\(/i, "An index is made by its own statement: CREATE INDEX name ON table (column)."]
	];
	STARTS_STATEMENT = /^(?:create|insert|update|delete|alter|drop|select|with|grant|comment|truncate)\b/i;
});
// ../../adapters/postgres/src/statement.ts
/** Makes a typed error of what a message of statements came to; anything but a refusal is given back as it is. */
function statementError(thrown, circumstances) {
	if (!(thrown instanceof Refused$1)) return thrown;
	const { failure } = thrown;
	if (failure.kind === "lost") return connectionLost(failure, circumstances.target, thrown.cause);
	if (isFence(failure)) return lockLost();
	const { part, position } = thrown instanceof MessageRefused ? locate(thrown) : {
		part: null,
		position: null
	};
	if (part?.statement === void 0) return thrown;
	return statementFailed(failure, part.statement, position, circumstances, thrown.cause);
}
/** Whether another try may succeed: somebody else had something locked. */
function isLockTimeout(thrown) {
	return thrown instanceof Refused$1 && LOCKED.has(thrown.failure.code);
}
function statementFailed(failure, statement, position, { file, blockers, stopped }, cause) {
	const facts = {
		...factsOf$1(failure),
		place: placeOf(statement, file, position),
		statement: statement.text,
		...position === null ? {} : { position },
		...blockers.length === 0 ? {} : { blockers }
	};
	const where = `${file}:${statement.line}`;
	if (LOCKED.has(failure.code)) {
		const who = blockers.length === 0 ? "" : ` In the way: ${blockers.join("; ")}.`;
		return new DetentError("LOCK_TIMEOUT", `${where} could not get its lock: ${failure.message}.${who}`, {
			hint: "Wait until the other session ends or end it, or allow longer with timeouts.lockMs or `-- detent:timeout lock=…`.",
			facts,
			cause
		});
	}
	if (failure.code === "57014" && stopped) return new DetentError("CANCELLED", `The run was stopped in ${where}.`, {
		hint: "Run again to go on.",
		facts,
		cause
	});
	if (failure.code === "57014") return new DetentError("STATEMENT_FAILED", `The server stopped the statement: ${failure.message}.`, {
		hint: "Allow longer with timeouts.statementMs or `-- detent:timeout statement=…`; or somebody cancelled it.",
		facts,
		cause
	});
	const hint = hintFor(statement.text, failure, position);
	const detail = failure.detail === null ? "" : ` ${failure.detail}`;
	return new DetentError("STATEMENT_FAILED", `PostgreSQL refused the statement: ${failure.message}.${detail}`, {
		...hint === null ? {} : { hint },
		facts,
		cause
	});
}
function placeOf({ text, line, column }, file, position) {
	const before = text.slice(0, position ?? 0).split("\n");
	const last = before.at(-1) ?? "";
	return before.length === 1 ? {
		file,
		line,
		column: column + last.length
	} : {
		file,
		line: line + before.length - 1,
		column: last.length + 1
	};
}
var LOCKED;
var init_statement = __esmMin(() => {
	init_src$3();
	init_errors();
	init_hints();
	init_message();
	init_wire();
	LOCKED = /* @__PURE__ */ new Set(["55P03", "40P01"]);
});
// ../../adapters/postgres/src/retry.ts
/**
* Does `attempt` again, with growing pauses, when it could not get a lock in time. While it waits it queues for nothing, so
* that readers are let through: a statement that goes on waiting would stand in the way of all who come after it.
*/
async function retrying(attempt, { retries, rollBack, signal }) {
	for (let tries = 0;; tries += 1) try {
		return await attempt();
	} catch (error) {
		if (!isLockTimeout(error) || tries >= retries || signal?.aborted === true) throw error;
		await rollBack();
		const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** tries, LAST_PAUSE_MS) * (.5 + Math.random());
		await setTimeout$1(pauseMs, void 0, signal === void 0 ? {} : { signal }).catch(() => void 0);
	}
}
var FIRST_PAUSE_MS, LAST_PAUSE_MS;
var init_retry = __esmMin(() => {
	init_statement();
	FIRST_PAUSE_MS = 200;
	LAST_PAUSE_MS = 1e4;
});
// ../../adapters/postgres/src/transaction.ts
/** `onRollBack`: called when what was written in a transaction may be gone. */
function createTransactions(link, lock, lockRetries, onRollBack) {
	const { wire, target } = link;
	let work = null;
	const own = (text) => ({ text });
	/** Everything before the first statement. */
	const beginning = async (isCode) => {
		const { pooled } = await link.greeting();
		const { first } = await lock.fence();
		return [
			"BEGIN",
			...pooled ? limitSql(link.limits, true) : [],
			...first,
			...isCode ? [`SAVEPOINT ${MARK}`] : []
		].map(own);
	};
	const begun = (current, answers) => {
		current.begun = true;
		current.xid ??= answers.find(({ rows }) => rows[0]?.["xid"] !== void 0)?.rows[0]?.["xid"] ?? null;
	};
	/** Never throws: the error that led here must stay the first. */
	const rollBack = async () => {
		if (!wire.isOpen) return;
		try {
			if (await wire.look() !== "I") await wire.run("ROLLBACK");
		} catch (error) {
			link.logger.error(`The transaction could not be rolled back: ${error instanceof Error ? error.message : String(error)}.`);
		}
	};
	const begin = async (current, parts, hear) => {
		const head = await beginning(current.isCode);
		const answers = await send(wire, [...head, ...parts], hear);
		begun(current, answers);
		expectAll(answers, [...head, ...parts]);
	};
	const flush = async () => {
		if (work === null) return;
		const current = work;
		const texts = current.held.splice(0);
		try {
			if (!current.begun) await begin(current, texts.map(own));
			else if (texts.length > 0) await send(wire, texts.map(own));
		} catch (error) {
			throw translate(error, target);
		}
	};
	/** Gives one message of statements, and tries again where nothing else has happened since the transaction began. */
	const attemptOf = (parts, request) => {
		const { hear } = request;
		const report = (answer, part) => {
			if (part.statement !== void 0) hear(answer, part);
		};
		const current = work;
		if (current === null) return async () => {
			expectAll(await send(wire, parts, report), parts);
		};
		return async () => {
			const before = current.held.splice(0).map(own);
			const all = [...before, ...parts];
			if (!current.begun) try {
				return await begin(current, all, report);
			} catch (error) {
				current.begun = isLockTimeout(error) ? false : current.begun;
				current.held.unshift(...before.map(({ text }) => text));
				throw error;
			}
			expectAll(await send(wire, all, report), all);
		};
	};
	return {
		get isWorking() {
			return work !== null;
		},
		async run(scope, doWork) {
			if (link.options.readOnly) throw readOnlySession();
			if (await wire.look() !== "I") throw openElsewhere();
			await link.prepare();
			const current = {
				begun: false,
				held: [],
				xid: null,
				isCode: scope.statements === null
			};
			work = current;
			try {
				if (current.isCode) await flush();
				const result = await doWork();
				await commitWork({
					link,
					lock,
					current,
					beginning
				});
				return result;
			} catch (error) {
				onRollBack();
				await rollBack();
				throw wire.isOpen ? translate(error, target) : translateLoss(error, target, wire.dropped);
			} finally {
				work = null;
			}
		},
		async execute(parts, request) {
			const canRetry = work === null || !work.begun;
			const watch = watchBlockers(link);
			const stop = cancelOn(link, request.signal);
			const attempt = attemptOf(parts, request);
			try {
				await (canRetry ? retrying(attempt, {
					retries: lockRetries,
					rollBack,
					signal: request.signal
				}) : attempt());
				if (work !== null && wire.status === "I") throw ended();
			} catch (error) {
				const stopped = request.signal?.aborted === true;
				throw statementError(error, {
					target,
					file: request.file,
					blockers: watch.seen,
					stopped
				});
			} finally {
				watch.stop();
				stop();
			}
		},
		async write(text) {
			if (work !== null) {
				work.held.push(text);
				return;
			}
			await link.prepare();
			const [answer] = await link.record(text);
			if (answer?.tag === "INSERT 0 0") throw lockLost();
		},
		flush
	};
}
/** One command, one answer: otherwise the server reads the script in another way than Detent. */
function expectAll(answers, parts) {
	if (answers.length === parts.length) return;
	throw new DetentError("INTERNAL", `The server executed ${answers.length} commands where Detent sent ${parts.length}.`, { hint: "Please report the script; nothing of it stands." });
}
function openElsewhere() {
	return new DetentError("TRANSACTION_ENDED", "A transaction that Detent did not begin is open on its connection.", { hint: "End it with COMMIT or ROLLBACK in the migration that began it, and share the connection with nobody." });
}
var init_transaction = __esmMin(() => {
	init_src$3();
	init_blockers();
	init_cancel();
	init_commit();
	init_errors();
	init_message();
	init_retry();
	init_settings();
	init_statement();
});
// ../../adapters/postgres/src/session.ts
/** Puts the parts together around one connection. `Db` is the class of the driver's client. */
function createSession(link, { lockRetries, backup, ways }) {
	const lock = createLock(link);
	const transactions = createTransactions(link, lock, lockRetries, () => history.forgetTail());
	const history = createHistory({
		link,
		lock,
		transactions
	});
	/** Outside of any transaction: one message each, since several commands in one are a transaction of their own. */
	const executeAlone = async (statement, request) => {
		request.signal?.throwIfAborted();
		if (link.options.readOnly) throw readOnlySession();
		await link.prepare();
		const { pooled } = await link.greeting();
		if (pooled) throw needsDirect(request.file, statement.line, statement);
		const concurrent = readConcurrent(statement.text);
		const dropped = concurrent === null ? [] : await dropLeftovers(link, concurrent);
		for (const name of dropped) link.logger.info(`The index ${name}, which an earlier build left unfinished, was dropped.`);
		const rest = concurrent === null ? null : await finishing(link, concurrent);
		const patient = waitsForOthers(statement.text);
		if (patient) await link.ask(...limitSql({
			lockMs: 0,
			statementMs: 0
		}, false), "SET lock_timeout = 0");
		try {
			await transactions.execute([{
				text: rest ?? statement.text,
				statement
			}], {
				...request,
				signal: void 0
			});
		} finally {
			if (patient && link.wire.isOpen && link.wire.status === "I") await link.ask(...limitSql(link.limits, false));
		}
	};
	const fingerprint = async (scope = null) => {
		await transactions.flush();
		if (scope !== null) return look(link, scope);
		return schemaFingerprint(link, link.wire.status !== "I");
	};
	return {
		get db() {
			return link.wire.db;
		},
		capabilities: capabilitiesOf(link),
		server: describeServer(link),
		history,
		lock,
		backup: backupWhenNeeded({
			link,
			by: backup,
			ways,
			lock,
			transactions,
			history
		}),
		batches: createBatches(link, () => transactions.flush()),
		sql: sqlTag(postgres$1, async (text, values) => {
			await transactions.flush();
			try {
				return await link.wire.query(text, values);
			} catch (error) {
				throw translate(error, link.target);
			}
		}),
		transaction(scope, work) {
			link.traces ||= scope.statements === null;
			return transactions.run(scope, work);
		},
		async execute(statements, file, progress) {
			link.traces ||= statements.some(leavesTraces);
			const results = [];
			const hear = (answer, { statement }) => {
				const index = statement === void 0 ? -1 : statements.indexOf(statement);
				const result = { rows: rowsOf$1(answer) };
				results[index] = result;
				progress?.done(index, result);
			};
			const request = {
				file,
				signal: progress?.signal,
				hear
			};
			await link.greeting();
			const stop = watchBuilds(link, statements, progress?.advanced);
			try {
				if (transactions.isWorking) await transactions.execute(statements.map(partOf), request);
				else for (const statement of statements) await executeAlone(statement, request);
			} finally {
				stop();
			}
			return results;
		},
		async limit(limits) {
			link.limits = limitsWith(link.limits, limits);
			const { pooled } = await link.greeting();
			if (pooled) return;
			link.traces = true;
			await link.prepare(...limitSql(link.limits, false));
		},
		async reset() {
			if (await link.wire.look() !== "I") {
				await link.ask("ROLLBACK");
				link.logger.warn("A transaction that the migration left open was rolled back.");
			}
			await link.restore();
		},
		fingerprint,
		covered: async ({ length }) => length,
		async trace({ text }) {
			const concurrent = readConcurrent(text);
			return (concurrent === null ? null : await traceOf(link, concurrent)) ?? {
				kind: "schema",
				fingerprint: await fingerprint(),
				scope: null,
				after: null
			};
		},
		foreignHistory: async () => null,
		async close() {
			await lock.close();
			await link.close();
		}
	};
}
function partOf(statement) {
	return {
		text: statement.text,
		statement
	};
}
function capabilitiesOf(link) {
	const { wire, hasBeside } = link;
	return {
		transactionalDdl: true,
		transactions: true,
		together: true,
		get alone() {
			return link.known()?.pooled === true ? `Behind a pooler no lock holds there. ${DIRECT}` : true;
		},
		backup: wire.copy !== null || "PGlite has no streams of rows; keep its folder, or what its dumpDataDir() gives.",
		cancel: hasBeside
	};
}
/** What a statement may leave in the session beyond schema and rows. Any function may set a setting. */
function leavesTraces({ kind, text }) {
	if (kind === "ddl") return /^\s*create\s+(?:global\s+|local\s+)?temp/i.test(text);
	return kind !== "data" || /\bset_config\b|^\s*(?:do|call)\b/i.test(text);
}
var init_session = __esmMin(() => {
	init_src$2();
	init_backup_when_needed();
	init_batches();
	init_build_progress();
	init_concurrent();
	init_errors();
	init_fingerprint();
	init_history();
	init_leftovers();
	init_lock();
	init_message();
	init_server();
	init_settings();
	init_trace();
	init_transaction();
});
// ../../adapters/postgres/src/ways.ts
/** `null` where the connection is a user's own. */
function waysOf(checked, connectTimeoutMs) {
	const { origin, given } = checked;
	if (origin.kind !== "address") return null;
	const { address: own } = origin;
	return {
		to: (database) => connect({
			...checked,
			origin: {
				kind: "address",
				address: {
					...own,
					database
				}
			}
		}, { timeoutMs: connectTimeoutMs }),
		async libpq() {
			const endpoint = endpointOf(checked, own);
			const { host, port, user, database, applicationName } = endpoint;
			const address = completeAddress({
				...own,
				host
			}, process.env);
			const { channelBinding } = address;
			const secret = given.password ?? address.password;
			const filed = secret === void 0 ? await passwordFromFile(endpoint, process.env) : null;
			const password = typeof secret === "function" ? await secret() : secret ?? (filed?.kind === "found" ? filed.password : void 0);
			return {
				PGHOST: host,
				PGPORT: String(port),
				PGUSER: user,
				PGDATABASE: database,
				PGAPPNAME: applicationName,
				PGCLIENTENCODING: "UTF8",
				PGCONNECT_TIMEOUT: String(Math.ceil(connectTimeoutMs / 1e3)),
				...await sslVariables(sslModeFor(checked.ssl, address), address, process.env),
				...channelBinding === void 0 ? {} : { PGCHANNELBINDING: channelBinding },
				...password === void 0 ? {} : { PGPASSWORD: password }
			};
		}
	};
}
var init_ways = __esmMin(() => {
	init_connect();
	init_environment();
	init_password_file();
	init_ssl();
});
// ../../adapters/postgres/src/adapter.ts
/** Throws `CONFIG` for options that are not right; opens nothing. */
function createAdapter(options, lease = LEASE) {
	return adapterOf(checkOptions(options), lease);
}
function adapterOf(checked, lease) {
	const target = shownTarget(checked);
	const { kind } = checked.origin;
	const canOpenMore = kind === "address" || kind === "pool";
	return {
		name: "postgres",
		target,
		scriptExtensions: [".sql"],
		lockTimeoutMs: 3e3,
		at: (url) => adapterOf(checkOptions({
			...checked.given,
			directUrl: void 0,
			url
		}), lease),
		...checked.origin.kind === "address" ? { createDatabase: creating(checked, checked.origin.address, lease) } : {},
		parse: (script) => parseScript(script, postgres$1),
		async open(options) {
			const { connectTimeoutMs, signal } = options;
			return createSession(createLink({
				wire: await connect(checked, {
					timeoutMs: connectTimeoutMs,
					signal
				}),
				target,
				options,
				lease,
				lent: kind === "client" || kind === "pglite",
				disposable: kind === "pool",
				openBeside: canOpenMore ? () => connect(checked, { timeoutMs: BESIDE_MS }) : null
			}), {
				lockRetries: checked.lockRetries,
				backup: checked.backup,
				ways: waysOf(checked, connectTimeoutMs)
			});
		}
	};
}
function creating(checked, address, lease) {
	return async (name, { connectTimeoutMs: timeoutMs, signal }) => {
		await createDatabase(checked, name, {
			timeoutMs,
			signal
		});
		const origin = {
			kind: "address",
			address: {
				...address,
				database: name
			}
		};
		return {
			adapter: adapterOf({
				...checked,
				origin
			}, lease),
			drop: () => dropDatabase(checked, name, { timeoutMs })
		};
	};
}
var BESIDE_MS;
var init_adapter = __esmMin(() => {
	init_src$2();
	init_connect();
	init_create_database();
	init_link();
	init_lock_timing();
	init_options();
	init_session();
	init_ways();
	BESIDE_MS = 5e3;
});
// ../../adapters/postgres/src/index.ts
var src_exports = /* @__PURE__ */ __exportAll({
	defineConfig: () => defineConfig,
	defineMigration: () => defineMigration,
	postgres: () => postgres
});
function postgres(options = {}) {
	return createAdapter(options);
}
/** A migration whose `db` is a client of `pg`, unless told: `defineMigration<PGlite>({ … })`. */
function defineMigration(migration) {
	return defineMigration$2(migration);
}
/** The configuration of a project on PostgreSQL. */
function defineConfig(config) {
	return defineConfig$2(config);
}
var init_src = __esmMin(() => {
	init_src$3();
	init_adapter();
});
// src/configure.ts
var configure_exports = /* @__PURE__ */ __exportAll({ configure: () => configure });
/** As the command line is configured: files, variables, and the inputs in place of flags. Throws `CONFIG`. */
function configure(inputs, url, env) {
	return resolveConfig({
		folder: resolve(env["GITHUB_WORKSPACE"] ?? ".", inputs.workingDirectory),
		env,
		flags: {
			values: new Map(Object.entries({
				url,
				migrations: inputs.migrations,
				config: inputs.config,
				env: inputs.env
			}).flatMap(([name, value]) => value === null ? [] : [[name, value]])),
			sets: /* @__PURE__ */ new Map([["migrations", "migrations"]])
		}
	}, load);
}
var CARRIED, load;
var init_configure = __esmMin(() => {
	init_config();
	CARRIED = {
		sqlite: async () => (await Promise.resolve().then(() => (init_src$1(), src_exports$1))).sqlite,
		postgres: async () => (await Promise.resolve().then(() => (init_src(), src_exports))).postgres
	};
	load = async (name, url, folder) => {
		const carried = CARRIED[name];
		if (carried === void 0 || isInstalled(`@detent/${name}`, folder)) return loadAdapter(name, url, folder);
		return (await carried())({ url });
	};
});
// src/run.ts
var run_exports = /* @__PURE__ */ __exportAll({
	openWorkplace: () => openWorkplace,
	rowsOf: () => rowsOf,
	runCommand: () => runCommand,
	standing: () => standing
});
function openWorkplace(options, log) {
	const print = (message) => log.write(`${message}\n`);
	const logger = {
		debug: () => void 0,
		info: print,
		warn: print,
		error: print
	};
	const executor = new MigrationScriptExecutor({
		...options,
		logger: options.logger ?? logger
	});
	const screen = {
		...screenOf(process.stdout),
		isLive: false,
		write: (text) => log.write(text)
	};
	const { migrations, cwd } = executor.settings;
	const readFile = (file) => {
		try {
			return typeof migrations === "string" ? readFileSync(resolve(cwd, migrations, file), "utf8") : null;
		} catch {
			return null;
		}
	};
	const renderer = new TerminalRenderer({
		out: screen,
		err: screen,
		readFile
	});
	executor.on("*", (event) => renderer.hear(event));
	return {
		executor,
		renderer
	};
}
/** Does what a command asks of the configured database. */
function runCommand(place, inputs, signal) {
	const to = inputs.to === null ? {} : { to: inputs.to };
	const { executor } = place;
	switch (inputs.command) {
		case "apply": return changed(place, inputs, () => executor.migrate({
			...to,
			signal
		}));
		case "down": return changed(place, inputs, () => executor.down({
			...to,
			...inputs.steps === null ? {} : { steps: inputs.steps },
			signal
		}));
		case "plan": return planned(place, to);
		case "verify": return verified(place);
		case "status":
		case "check": return looked(place);
	}
}
async function changed({ executor, renderer }, { command }, work) {
	const result = await work();
	renderer.drawExecuted(result);
	const status = await executor.status().catch(() => null);
	return {
		...EMPTY,
		...standing(status),
		command,
		target: executor.settings.adapter.target,
		exitCode: exitCodeOf(result),
		status: result.success ? "ok" : exitCodeOf(result) === ERROR_CODES.STATE ? "refused" : "failed",
		applied: result.executed.filter(({ direction }) => direction === "up").length,
		reverted: result.rolledBack.length + result.executed.filter(({ direction }) => direction === "down").length,
		rows: rowsOf(result),
		errors: result.errors,
		warnings: result.warnings
	};
}
function rowsOf({ executed, failed, rolledBack }) {
	const none = { durationMs: null };
	return [
		...executed.map(({ version, name, file, direction, durationMs }) => ({
			version,
			name,
			file,
			state: direction === "up" ? "applied" : "undone",
			durationMs
		})),
		...failed === void 0 ? [] : [{
			...rowOf(failed),
			...none,
			state: "failed"
		}],
		...rolledBack.filter(({ id }) => id !== failed?.id).map((step) => ({
			...rowOf(step),
			...none,
			state: "undone again"
		}))
	];
}
function rowOf({ version, name, file }) {
	return {
		version,
		name,
		file
	};
}
async function planned({ executor, renderer }, to) {
	const report = await executor.plan(to);
	renderer.drawPlan(report);
	const { plan, problems, warnings } = report;
	const [first] = problems;
	return {
		...EMPTY,
		...standing(await executor.status()),
		command: "plan",
		target: executor.settings.adapter.target,
		exitCode: first === void 0 ? 0 : ERROR_CODES[first.code],
		status: first !== void 0 ? "refused" : plan.steps.length > 0 ? "pending" : "ok",
		rows: plan.steps.map(({ info }) => ({
			...rowOf(info),
			state: "pending",
			durationMs: null
		})),
		errors: problems,
		warnings
	};
}
async function verified({ executor, renderer }) {
	const verification = await executor.verify();
	renderer.drawVerification(verification);
	const [first] = verification.problems;
	return {
		...EMPTY,
		...standing(await executor.status()),
		command: "verify",
		target: executor.settings.adapter.target,
		exitCode: first === void 0 ? 0 : ERROR_CODES[first.code],
		status: first === void 0 ? "ok" : "failed",
		errors: verification.problems,
		warnings: verification.warnings
	};
}
async function looked({ executor, renderer }) {
	const status = await executor.status();
	renderer.drawStatus(status);
	const { problems, counts } = status;
	const [first] = problems;
	return {
		...EMPTY,
		...standing(status),
		command: "status",
		target: status.target,
		exitCode: first === void 0 ? 0 : ERROR_CODES[first.code],
		status: first !== void 0 ? "failed" : counts.pending > 0 ? "pending" : "ok",
		rows: status.migrations.map((migration) => ({
			...rowOf(migration),
			state: migration.status,
			durationMs: null
		})),
		errors: problems,
		warnings: status.warnings
	};
}
/** Where the database stands, and where it would with nothing pending. */
function standing(status) {
	if (status === null) return {
		pending: 0,
		currentVersion: null,
		targetVersion: null
	};
	const newest = status.migrations.findLast(({ version }) => version !== null);
	return {
		pending: status.counts.pending,
		currentVersion: status.version,
		targetVersion: newest?.version ?? status.version
	};
}
var init_run = __esmMin(() => {
	init_src$3();
	init_render();
});
// src/scratch.ts
var scratch_exports = /* @__PURE__ */ __exportAll({ openScratch: () => openScratch });
/** Of the kind of the configured database, and never that one. Throws `CONFIG` where there is none to be had. */
async function openScratch({ options, root }) {
	const { adapter } = options;
	if (adapter.name === "sqlite") {
		const folder = mkdtempSync(join(process.env["RUNNER_TEMP"] ?? tmpdir(), "detent-scratch-"));
		return {
			adapter: adapter.at(`sqlite:${join(folder, "scratch.db")}`),
			[Symbol.asyncDispose]: async () => rmSync(folder, {
				recursive: true,
				force: true
			})
		};
	}
	if (adapter.name === "postgres" && isInstalled(PGLITE, root)) {
		const path = createRequire(join(root, "package.json")).resolve(PGLITE);
		const { PGlite } = await import(pathToFileURL(path).href);
		const { postgres } = await Promise.resolve().then(() => (init_src(), src_exports));
		const database = new PGlite();
		return {
			adapter: postgres({ pglite: database }),
			[Symbol.asyncDispose]: () => database.close()
		};
	}
	throw new DetentError("CONFIG", "check has no empty database to try the migrations on.", { hint: "Add a service container to the job and pass its address as scratch-url." });
}
var PGLITE;
var init_scratch = __esmMin(() => {
	init_src$3();
	init_config();
	PGLITE = "@electric-sql/pglite";
});
// src/check.ts
var check_exports = /* @__PURE__ */ __exportAll({ check: () => check });
/** Up, all the way down, and up again on an empty database; the schema must be the same each time it should be. */
async function check({ executor, renderer }, signal) {
	const done = async (result, more = {}) => {
		const [first] = [...result.errors, ...more.errors ?? []];
		const code = result.success ? first === void 0 ? 0 : ERROR_CODES[first.code] : exitCodeOf(result);
		return {
			...EMPTY,
			...standing(await executor.status().catch(() => null)),
			command: "check",
			target: executor.settings.adapter.target,
			status: code === 0 ? "ok" : "failed",
			exitCode: code,
			applied: result.executed.filter(({ direction }) => direction === "up").length,
			rows: rowsOf(result),
			errors: result.errors,
			warnings: result.warnings,
			...more
		};
	};
	const fingerprint = async () => (await executor.verify()).fingerprint;
	const { version } = await executor.status();
	if (version !== null) throw new DetentError("CONFIG", "The scratch database is not empty: it has a history of migrations.", { hint: "Give check a database of its own." });
	const empty = await fingerprint();
	const up = await executor.migrate({ signal });
	renderer.drawExecuted(up);
	if (!up.success) return done(up);
	const applied = counted(up.executed.length, "migration");
	const full = await fingerprint();
	const way = await executor.planDown({ to: "0" });
	if (way.problems.length > 0) return done(up, {
		notes: [`${applied} applied on an empty database. The way back was not tried.`],
		warnings: [...up.warnings, ...way.problems.map(({ message }) => message)]
	});
	const down = await executor.down({
		to: "0",
		signal
	});
	renderer.drawExecuted(down);
	const reverted = down.executed.length;
	if (!down.success) return done(down, {
		applied: up.executed.length,
		reverted
	});
	const left = await fingerprint();
	const again = await executor.migrate({ signal });
	renderer.drawExecuted(again);
	if (!again.success) return done(again, { reverted });
	const differs = [...left === empty ? [] : ["The way back leaves another schema than there was before the first migration."], ...await fingerprint() === full ? [] : ["Up, down and up again does not give the schema of the first time."]];
	for (const sentence of differs) renderer.drawError(differing(sentence));
	return done(up, {
		reverted,
		notes: [`${applied} applied on an empty database, undone, and applied again.`],
		errors: differs.map(differing)
	});
}
function differing(sentence) {
	return new DetentError("DRIFT", sentence, { hint: "Compare each `down` with its `up`." });
}
var init_check = __esmMin(() => {
	init_src$3();
	init_render();
	init_report();
	init_run();
});
// src/markdown.ts
/** The report for the job summary and for the comment. What comes from files or servers is never read as Markdown. */
function markdownOf(report, files) {
	const { command, status, target, rows, errors, warnings, notes } = report;
	return `${[
		`### Detent ${command ?? ""} — ${HEADS[status]}`.replace("  ", " "),
		sentences(report),
		...notes.map(plain),
		...rows.length === 0 ? [] : [table(rows)],
		...errors.map((error) => errorPart(error, files)),
		...warnings.length === 0 ? [] : [[...new Set(warnings)].map((warning) => `- ⚠️ ${plain(warning)}`).join("\n")],
		...target === null ? [] : [`<sub>${plain(target)} · exit code ${report.exitCode}</sub>`]
	].filter((part) => part !== "").join("\n\n")}\n`;
}
/** At most so many characters, with a word that something is missing. */
function cutTo(text, most) {
	if (text.length <= most) return text;
	const note = "\n\n*Cut here: the log of the job has all of it.*\n";
	const cut = text.slice(0, most - 48 - 8).replace(/[\ud800-\udbff]$/u, "");
	return `${cut}${(cut.match(/^(?:`{3,})/gmu)?.length ?? 0) % 2 === 1 ? "\n```" : ""}${note}`;
}
function sentences({ applied, pending, reverted, currentVersion, targetVersion }) {
	const counts = [
		...applied > 0 ? [`${counted(applied, "migration")} applied`] : [],
		...reverted > 0 ? [`${counted(reverted, "migration")} undone`] : [],
		...pending > 0 ? [`${counted(pending, "migration")} pending`] : []
	];
	const at = currentVersion === null ? "" : `At version ${code$1(currentVersion)}`;
	const next = at === "" || targetVersion === null || targetVersion === currentVersion ? at : `${at}, of ${code$1(targetVersion)}`;
	return [...counts.length === 0 ? [] : [`${counts.join(", ")}.`], ...next === "" ? [] : [`${next}.`]].join(" ");
}
function table(rows) {
	const shown = rows.slice(0, MOST_ROWS);
	const lines = shown.map(({ version, name, state, durationMs }) => [
		"",
		version === null ? "" : code$1(version),
		code$1(name),
		state,
		durationMs === null ? "" : `${durationMs} ms`,
		""
	].join(" | ").trim());
	const rest = rows.length - shown.length;
	return [
		"| version | name | | time |",
		"|---|---|---|---|",
		...lines,
		...rest > 0 ? [`| | and ${rest} more | | |`] : []
	].join("\n");
}
function errorPart(error, { showFile, readFile }) {
	const { place } = error.facts;
	const frame = frameOf({
		...screenOf(process.stdout),
		paint: (_, text) => text
	}, error, { readFile });
	const where = place === void 0 ? "" : code$1([
		showFile(place.file),
		place.line,
		place.column
	].filter((part) => part !== void 0).join(":"));
	return [
		`**${error.code}** ${plain(error.message)}`,
		where,
		frame === null ? "" : fenced(frame.replace(/^ {4}/gmu, "").trimEnd()),
		error.hint === void 0 ? "" : `Hint: ${plain(error.hint)}`
	].filter((part) => part !== "").join("\n\n");
}
/** Nothing in it means anything to Markdown, HTML or GitHub. */
function plain(text) {
	return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replace(/[\\`*_{}[\]()#+!|~]/gu, (character) => `&#${character.codePointAt(0) ?? 0};`).replaceAll("@", "@​").replace(/\s+/gu, " ");
}
function code$1(text) {
	return `<code>${plain(text)}</code>`;
}
function fenced(text) {
	const longest = Math.max(2, ...[...text.matchAll(/`+/gu)].map(([run]) => run.length));
	const fence = "`".repeat(longest + 1);
	return `${fence}\n${text}\n${fence}`;
}
var HEADS, MOST_ROWS;
var init_markdown = __esmMin(() => {
	init_render();
	HEADS = {
		ok: "✅ ok",
		pending: "🟡 pending",
		failed: "❌ failed",
		refused: "⛔ refused"
	};
	MOST_ROWS = 200;
});
// src/comment.ts
/** The one line by which the comment is found again. */
function markerOf(key) {
	return `<!-- detent:${key.replace(/[^\w.-]/gu, "_")} -->\n`;
}
/** Writes the comment, or over the one that stands there. A refusal or an outage is no failure of the migrations. */
async function writeComment(request) {
	const { repository, pullRequest, body } = request;
	const marker = markerOf(request.key);
	try {
		const found = await findComment(request, marker);
		const path = found === null ? `issues/${pullRequest}/comments` : `issues/comments/${found}`;
		const response = await call(request, found === null ? "POST" : "PATCH", `repos/${repository}/${path}`, { body: marker + body });
		if (response.ok) return { kind: "written" };
		return {
			kind: "not-written",
			reason: reasonOf(response.status)
		};
	} catch (thrown) {
		return {
			kind: "not-written",
			reason: thrown instanceof Refused ? thrown.message : `the API of GitHub could not be asked (${String(thrown)})`
		};
	}
}
async function findComment(request, marker) {
	const { repository, pullRequest } = request;
	for (let page = 1; page <= MOST_PAGES; page += 1) {
		const response = await call(request, "GET", `repos/${repository}/issues/${pullRequest}/comments?per_page=${PAGE}&page=${page}`);
		if (!response.ok) throw new Refused(reasonOf(response.status));
		const comments = await response.json();
		const found = comments.find(({ body }) => body?.startsWith(marker.trimEnd()) === true);
		if (found !== void 0) return found.id;
		if (comments.length < PAGE) return null;
	}
	return null;
}
async function call({ api, token }, method, path, body) {
	for (let left = 2;; left -= 1) {
		const response = await fetch(`${api.replace(/\/$/u, "")}/${path}`, {
			method,
			headers: {
				accept: "application/vnd.github+json",
				authorization: `Bearer ${token}`,
				"content-type": "application/json",
				"user-agent": "detent-github-action",
				"x-github-api-version": "2022-11-28"
			},
			redirect: "error",
			signal: AbortSignal.timeout(2e4),
			...body === void 0 ? {} : { body: JSON.stringify(body) }
		});
		if (response.status < 500 || method === "POST" || left === 0) return response;
		await response.body?.cancel();
		await setTimeout$1(500);
	}
}
function reasonOf(status) {
	if (status === 401 || status === 403 || status === 404) return `GitHub refused it (${status}); the job needs the permission pull-requests: write`;
	return `GitHub answered ${status}`;
}
var MOST_COMMENT, PAGE, MOST_PAGES, Refused;
var init_comment = __esmMin(() => {
	MOST_COMMENT = 65536;
	PAGE = 100;
	MOST_PAGES = 50;
	Refused = class extends Error {};
});
// src/publish.ts
var publish_exports = /* @__PURE__ */ __exportAll({ publish: () => publish });
/** Says what the run came to, everywhere where somebody may look. */
async function publish(report, publishing) {
	const { env, log, secrets, files } = publishing;
	writeOutputs(report, env["GITHUB_OUTPUT"], secrets);
	annotate(report, publishing);
	const text = secrets.mask(markdownOf(report, files));
	const summary = env["GITHUB_STEP_SUMMARY"];
	if (summary !== void 0 && summary !== "") appendFileSync(summary, cutTo(text, MOST_SUMMARY / 3));
	const reason = await comment(text, publishing);
	if (reason !== null) log.annotate("warning", `The comment was not written: ${reason}.`, "Detent");
}
function writeOutputs(report, file, secrets) {
	if (file === void 0 || file === "") return;
	const lines = Object.entries(outputsOf(report)).map(([name, value]) => {
		const end = `end-${randomBytes(16).toString("hex")}`;
		return `${name}<<${end}\n${secrets.mask(value)}\n${end}\n`;
	});
	appendFileSync(file, lines.join(""));
}
function annotate({ errors, warnings, status }, { log, files }) {
	for (const { code, message, hint, facts } of errors) {
		const { place } = facts;
		const text = hint === void 0 ? message : `${message}\n${hint}`;
		log.annotate("error", text, `Detent: ${code}`, place === void 0 ? void 0 : {
			...place,
			file: files.showFile(place.file)
		});
	}
	for (const warning of new Set(warnings)) log.annotate("warning", warning, "Detent");
	if (errors.length === 0 && status === "failed") log.annotate("error", "The run failed.", "Detent");
}
/** Why there is no comment although one was wanted; `null` otherwise. */
async function comment(text, { env, inputs, event }) {
	if (inputs?.comment !== true || event.pullRequest === null || event.isForeign || event.name === "pull_request_target") return null;
	const [api, repository] = [env["GITHUB_API_URL"], env["GITHUB_REPOSITORY"]];
	if (inputs.token === null || !api || !repository) return "there is no token";
	const { pullRequest } = event;
	const { token, commentKey: key } = inputs;
	const outcome = await writeComment({
		api,
		repository,
		pullRequest,
		token,
		key,
		body: cutTo(text, MOST_COMMENT - markerOf(key).length)
	});
	return outcome.kind === "written" ? null : outcome.reason;
}
var MOST_SUMMARY;
var init_publish = __esmMin(() => {
	init_markdown();
	init_comment();
	init_report();
	MOST_SUMMARY = 1048576;
});
// src/main.ts
init_src$3();
init_report();
const { env } = process;
const workspace = resolve(env["GITHUB_WORKSPACE"] ?? ".");
const secrets = new Secrets();
secrets.addFrom(env);
for (const name of [
	"INPUT_URL",
	"INPUT_SCRATCH-URL",
	"INPUT_TOKEN"
]) secrets.add(env[name]);
const log = openLog(secrets);
const controller = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => controller.abort());
process.on("warning", () => void 0);
/** What is known so far. */
const known = {
	inputs: null,
	event: {
		name: "",
		isForeign: true,
		pullRequest: null
	},
	files: {
		showFile: (file) => file,
		readFile: () => null
	}
};
async function work() {
	const inputs = known.inputs = readInputs(env);
	const event = known.event = readEvent(env);
	const refusal = refusalOf(inputs.command, event);
	if (refusal !== null) {
		log.write(`${refusal.message}\n${refusal.hint ?? ""}\n`);
		return {
			...EMPTY,
			command: inputs.command,
			status: "refused",
			exitCode: ERROR_CODES.STATE,
			errors: [refusal]
		};
	}
	const [{ configure }, { openWorkplace, runCommand }] = await Promise.all([Promise.resolve().then(() => (init_configure(), configure_exports)), Promise.resolve().then(() => (init_run(), run_exports))]);
	const isCheck = inputs.command === "check";
	const configuration = await configure(inputs, isCheck ? inputs.scratchUrl ?? inputs.url : inputs.url, env);
	for (const value of Object.values(configuration.options.placeholders ?? {})) log.hide(value);
	const scratch = isCheck && inputs.scratchUrl === null ? await (await Promise.resolve().then(() => (init_scratch(), scratch_exports))).openScratch(configuration) : null;
	await using _ = scratch;
	const place = openWorkplace(scratch === null ? configuration.options : {
		...configuration.options,
		adapter: scratch.adapter
	}, log);
	await using executor = place.executor;
	known.files = filesOf(executor.settings);
	if (!isCheck) return await runCommand(place, inputs, controller.signal);
	const { check } = await Promise.resolve().then(() => (init_check(), check_exports));
	return await check(place, controller.signal);
}
function filesOf({ migrations, cwd }) {
	if (typeof migrations !== "string") return known.files;
	const pathOf = (file) => resolve(cwd, migrations, file);
	return {
		showFile: (file) => relative(workspace, pathOf(file)).split(sep).join("/"),
		readFile: (file) => {
			try {
				return readFileSync(pathOf(file), "utf8");
			} catch {
				return null;
			}
		}
	};
}
async function main() {
	let report;
	try {
		report = await work();
	} catch (thrown) {
		const error = asDetentError(thrown, "INTERNAL", (words) => `Something went wrong that should not have: ${words}`);
		log.write(`${error.message}\n${error.hint ?? ""}\n`);
		report = {
			...EMPTY,
			command: known.inputs?.command ?? null,
			status: "failed",
			exitCode: ERROR_CODES[error.code],
			errors: [error]
		};
	}
	const { publish } = await Promise.resolve().then(() => (init_publish(), publish_exports));
	await publish(report, {
		...known,
		env,
		log,
		secrets
	});
	return report.status === "failed" || report.status === "refused" ? report.exitCode || 1 : 0;
}
const code = await main();
process.stdout.write("", () => process.exit(code));
export {};
