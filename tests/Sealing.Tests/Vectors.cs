using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace PasswordSync.Sealing.Tests;

/// <summary>Reads and writes the vectors in tests/vectors, which other implementations share. Their fields: tests/vectors/README.md.</summary>
internal static class Vectors
{
    public const string OpeningFile = "envelope-opening.json";
    public const string SealingFile = "envelope-sealing.json";

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        NewLine = "\n",
    };

    public static T Read<T>(string fileName) =>
        JsonSerializer.Deserialize<T>(Text(fileName), Options) ?? throw new InvalidDataException($"{fileName} is empty.");

    public static string Text(string fileName) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "vectors", fileName)).ReplaceLineEndings("\n");

    public static string ToText<T>(T file) => JsonSerializer.Serialize(file, Options) + "\n";

    /// <summary>A folder of the sources, found from the folder that the tests run in.</summary>
    public static string SourceFolder(params ReadOnlySpan<string> names)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "PasswordSync.sln"))) folder = folder.Parent;
        return Path.Combine([folder?.FullName ?? throw new DirectoryNotFoundException("The tests do not run within the sources."), .. names]);
    }

    public static byte[] Bytes(this string hexadecimal) => Convert.FromHexString(hexadecimal);

    public static string Hex(this ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);

    public static string Hex(this byte[] bytes) => Convert.ToHexStringLower(bytes);
}

internal sealed record OpeningFile(string About, KeyVector[] Keys, DestroyedKeyVector[] DestroyedKeys, OpeningVector[] Vectors);

internal sealed record KeyVector(string Id, string Public, string Private);

internal sealed record DestroyedKeyVector(string Id, string At);

internal sealed record OpeningVector(
    string Name, string Envelope, BindingVector? Binding, string? Refusal, string? Encoding, string? Password, DescriptionVector? Description)
{
    public override string ToString() => Name;
}

internal sealed record BindingVector(string Cluster, string Source, string? Dc, string? CaptureId);

internal sealed record SealingFile(string About, SealingVector[] Vectors);

internal sealed record SealingVector(
    string Name, DescriptionVector Description, string Encoding, string Password, string Public, string Private, string EphemeralPublic,
    string EphemeralPrivate, string? Refusal, string? Aad, string? Plaintext, string? Enc, string? Ciphertext, string? Envelope)
{
    public override string ToString() => Name;
}

internal sealed record DescriptionVector(
    string CaptureId, string CaptureTime, uint Rid, string Cluster, string Source, string Dc, string AccountName);
