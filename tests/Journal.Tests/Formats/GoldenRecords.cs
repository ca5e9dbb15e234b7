using System.Text.Json;
using PasswordSync.Journal.Formats;

namespace PasswordSync.Journal.Tests.Formats;

/// <summary>Recorded records in tests/vectors/journal: what some version has written once and every later one must read.</summary>
internal static class GoldenRecords
{
    public static IEnumerable<string> Names => Directory.EnumerateFiles(Folder, "*.json").Select(file => Path.GetFileNameWithoutExtension(file));

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "vectors");

    /// <summary>The bodies in the file of a kind.</summary>
    public static StoredRecord[] Of(string kind)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, kind + ".json")));
        return [.. document.RootElement.EnumerateArray().Select(body => new StoredRecord(kind, body.GetRawText()))];
    }

    /// <summary>
    /// The recorded history: as versions wrote it that had an event for each sync point, as it is written since the events of a decision name the points, and the state that both
    /// lead to, told without its sequence.
    /// </summary>
    public static (StoredRecord[] Former, StoredRecord[] Present, StoredRecord State) History()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "history.json")));
        return (Records("former"), Records("present"), new StoredRecord("identity-state.1", document.RootElement.GetProperty("state").GetRawText()));

        StoredRecord[] Records(string shape) =>
            [.. document.RootElement.GetProperty(shape).EnumerateArray().Select(entry => new StoredRecord(entry.GetProperty("kind").GetString()!, entry.GetProperty("body").GetRawText()))];
    }

    /// <summary>The records that must be refused: kind, body, and what the refusal must say.</summary>
    public static (StoredRecord Record, string Says)[] Refused()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "refused.json")));
        return
        [
            .. document.RootElement.EnumerateArray().Select(entry =>
                (new StoredRecord(entry.GetProperty("kind").GetString()!, entry.GetProperty("body").GetRawText()), entry.GetProperty("says").GetString()!)),
        ];
    }
}
