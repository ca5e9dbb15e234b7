using System.Text.Json;
using System.Text.Json.Serialization;
using PasswordSync.Providers.Redaction;

namespace PasswordSync.Providers.LocalAccounts;

/// <summary>One answer of <c>local_accounts.py</c>.</summary>
internal sealed record SambaAnswer
{
    /// <summary><c>ready</c>, <c>found</c>, <c>verified</c>, <c>done</c>, <c>untried</c>, <c>failed</c> or <c>missing</c>.</summary>
    [JsonPropertyName("answer"), JsonRequired]
    public string Kind { get; init; } = "";

    /// <summary>Why, for people.</summary>
    [JsonPropertyName("text")]
    public string Text { get; init; } = "";

    /// <summary>The server's code, after <c>failed</c>.</summary>
    [JsonPropertyName("status")]
    public uint Status { get; init; }

    /// <summary>The account's name as the server writes it.</summary>
    [JsonPropertyName("name")]
    public string? Name { get; init; }

    /// <summary>What the server calls its own accounts: its name.</summary>
    [JsonPropertyName("domain")]
    public string? Domain { get; init; }

    /// <summary>How many accounts the server lists.</summary>
    [JsonPropertyName("users")]
    public int Users { get; init; }

    /// <summary>The shortest password that the server's policy takes.</summary>
    [JsonPropertyName("lengthMin")]
    public int LengthMin { get; init; }

    /// <summary>How many earlier passwords it refuses to users; not to whoever resets.</summary>
    [JsonPropertyName("history")]
    public int History { get; init; }

    /// <summary>Whether it wants passwords of several kinds of characters.</summary>
    [JsonPropertyName("complex")]
    public bool IsComplex { get; init; }

    /// <summary>After how long passwords expire, as MS-SAMR 2.2.3.5 counts it: 100 ns each, negative; the least number and zero for never.</summary>
    [JsonPropertyName("maxAge")]
    public long AgeMax { get; init; }

    /// <returns>Null if the line is no answer.</returns>
    public static SambaAnswer? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<SambaAnswer>(line) is { } read ? read with { Text = Redactor.Tidy(read.Text) } : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
