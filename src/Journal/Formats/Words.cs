using System.Collections.Frozen;

namespace PasswordSync.Journal.Formats;

/// <summary>The words that stand for the values of an enumeration in the stored format, so that a renamed member changes nothing.</summary>
internal sealed class Words<T> where T : struct, Enum
{
    private readonly FrozenDictionary<T, string> words;
    private readonly FrozenDictionary<string, T> values;

    public Words(params (T Value, string Word)[] pairs)
    {
        words = pairs.ToFrozenDictionary(pair => pair.Value, pair => pair.Word);
        values = pairs.ToFrozenDictionary(pair => pair.Word, pair => pair.Value, StringComparer.Ordinal);
    }

    public string Of(T value) =>
        words.TryGetValue(value, out var word) ? word : throw new InvalidOperationException($"Internal error: {typeof(T).Name} {value} has no stored word.");

    /// <exception cref="UnreadableRecordException">No value has this word.</exception>
    public T Read(string word) =>
        values.TryGetValue(word, out var value) ? value : throw new UnreadableRecordException($"The stored word '{word}' is no {typeof(T).Name} that this version knows.");
}
