using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using PasswordSync.Core.Operations;
using PasswordSync.Core.Secrets;
using PasswordSync.SyncNode.Operations;

namespace PasswordSync.SyncNode.Admin;

/// <summary>Reads a request of an operation: from the query, or from a JSON object of texts, or of arrays of texts. Secrets go into wiped memory without ever being a string.</summary>
internal static class RequestReader
{
    /// <summary>The largest body, in bytes.</summary>
    public const int BytesMax = 64 << 10;

    /// <exception cref="JsonException">The body is not such an object.</exception>
    public static async Task<OperationRequest> ReadAsync(HttpRequest request, CommandDescription description, CancellationToken cancellationToken)
    {
        if (description.Method == "GET") return new OperationRequest(request.Query.ToImmutableDictionary(entry => entry.Key, entry => entry.Value.Select(value => value ?? "").ToImmutableArray()), ImmutableDictionary<string, Secret>.Empty);
        var buffer = GC.AllocateUninitializedArray<byte>(BytesMax, pinned: true);
        try
        {
            var length = 0;
            while (length < buffer.Length && await request.Body.ReadAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false) is > 0 and var read) length += read;
            if (length == buffer.Length) throw new JsonException($"The body has {BytesMax} bytes or more.");
            return length == 0 ? OperationRequest.Empty : Parse(buffer.AsSpan(0, length), description.Parameters.Where(parameter => parameter.Kind == "secret").Select(parameter => parameter.Name).ToImmutableHashSet(StringComparer.OrdinalIgnoreCase));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }

    private static OperationRequest Parse(ReadOnlySpan<byte> json, ImmutableHashSet<string> secretNames)
    {
        var values = ImmutableDictionary.CreateBuilder<string, ImmutableArray<string>>();
        var secrets = ImmutableDictionary.CreateBuilder<string, Secret>();
        try
        {
            var reader = new Utf8JsonReader(json);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw new JsonException("The body is not an object.");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = ReadText(ref reader, "a name");
                reader.Read();
                if (secrets.ContainsKey(name) || values.ContainsKey(name)) throw new JsonException($"'{name}' is given twice.");

                // Also where the name is written with other capitals: then it is refused for its name, and its value was never a text.
                if (secretNames.Contains(name)) secrets[name] = ReadSecret(ref reader, name);
                else values[name] = ReadTexts(ref reader, name);
            }

            return new OperationRequest(values.ToImmutable(), secrets.ToImmutable());
        }
        catch
        {
            foreach (var secret in secrets.Values) secret.Dispose();
            throw;
        }
    }

    private static Secret ReadSecret(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType != JsonTokenType.String) throw new JsonException($"'{name}' is not a text.");
        var characters = GC.AllocateUninitializedArray<char>(reader.ValueSpan.Length, pinned: true);
        try
        {
            return Secret.FromCharacters(characters.AsSpan(0, reader.CopyString(characters)));
        }
        catch (InvalidOperationException)
        {
            // The inner exception could show what it could not read.
            throw new JsonException($"'{name}' is not well-formed text.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(System.Runtime.InteropServices.MemoryMarshal.AsBytes(characters.AsSpan()));
        }
    }

    private static ImmutableArray<string> ReadTexts(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType != JsonTokenType.StartArray) return [ReadText(ref reader, name)];
        var texts = ImmutableArray.CreateBuilder<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) texts.Add(ReadText(ref reader, name));
        return texts.ToImmutable();
    }

    private static string ReadText(ref Utf8JsonReader reader, string name) => reader.TokenType switch
    {
        JsonTokenType.String or JsonTokenType.PropertyName => ReadString(ref reader, name),
        JsonTokenType.True => "true",
        JsonTokenType.False => "false",
        JsonTokenType.Number => System.Text.Encoding.UTF8.GetString(reader.ValueSpan),
        _ => throw new JsonException($"'{name}' is not a text, a number, true or false, or an array of them."),
    };

    private static string ReadString(ref Utf8JsonReader reader, string name)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // Half of a character, or bytes that are no UTF-8.
            throw new JsonException($"'{name}' is not well-formed text.");
        }
    }
}
