// Sentences for the reader: the English sentence is the key under which its translation is found.

/** @typedef {Record<string, string | number>} Values */
/** @typedef {{text: string, strong: boolean}} Part a piece of a sentence; names are strong */

/** @type {Record<string, string>} */
let dictionary = {};

/** @param {Record<string, string>} messages translations by English sentence */
export function install(messages) {
  dictionary = messages;
}

/**
 * The sentence in the page's language, with each `{name}` replaced by its value. Without values
 * the placeholders stay, and `parts` replaces them.
 * @param {string} sentence @param {Values} [values]
 */
export function t(sentence, values) {
  const text = dictionary[sentence] || sentence;
  return values ? text.replace(/\{(\w+)\}/g, (all, name) => String(values[name] ?? all)) : text;
}

/**
 * Cuts a translated sentence into parts, so that the program's own names can be set in bold.
 * @param {string} sentence what `t` gave without values @param {Values} values
 * @returns {Part[]}
 */
export function parts(sentence, values) {
  return sentence
    .split(/(\{\w+\})/)
    .filter((text) => text !== "")
    .map((text) => {
      const value = text.startsWith("{") ? values[text.slice(1, -1)] : undefined;
      return value === undefined
        ? { text, strong: false }
        : { text: String(value), strong: true };
    });
}

/**
 * Sentences that came in frames as templates with values, in the page's language.
 * @param {{template: string, values: Values}[]} sentences
 */
export function inOwnWords(sentences) {
  return sentences.map(({ template, values }) =>
    Object.keys(values).length > 0 ? t(template, values) : t(template));
}

/** The space between a sentence and the next: none after a Chinese mark, which is wide enough.
 *  @param {string} sentence */
export const gapAfter = (sentence) => (/[。！？：；]$/u.test(sentence) ? "" : " ");

/** Sentences as one text. @param {string[]} sentences */
export function joined(sentences) {
  return sentences.reduce((all, next) => (all ? all + gapAfter(all) + next : next), "");
}

/** The sentence without its marks. @param {Part[]} sentence */
export function plain(sentence) {
  return sentence.map((part) => part.text).join("");
}
