using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace PasswordSync.Journal.Formats;

/// <summary>A stored record: its kind, with the version of its shape ("capture-accepted.1"), and its body in JSON.</summary>
internal readonly record struct StoredRecord(string Kind, string Body)
{
    public static StoredRecord Write<T>(string kind, T body, JsonTypeInfo<T> shape) => new(kind, JsonSerializer.Serialize(body, shape));

    /// <exception cref="UnreadableRecordException">The body is not of the kind's shape.</exception>
    public T Read<T>(JsonTypeInfo<T> shape) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(Body, shape) ?? throw new UnreadableRecordException($"The stored record of kind '{Kind}' is empty.");
        }
        catch (JsonException trouble)
        {
            throw new UnreadableRecordException($"The stored record of kind '{Kind}' does not have the shape of its kind: {trouble.Message}", trouble);
        }
    }

    /// <summary>The refusal of a kind that nobody here knows.</summary>
    public UnreadableRecordException Unknown(string what) =>
        new($"The store holds {what} of kind '{Kind}', which this version does not know. Run the version that wrote it, or a newer one.");

    /// <summary>Not the body: that belongs into the database only.</summary>
    public override string ToString() => Kind;
}
