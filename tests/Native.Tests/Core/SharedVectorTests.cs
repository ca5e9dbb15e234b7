using System.Runtime.Versioning;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using PasswordSync.Native.Tests.Building;
using PasswordSync.Native.Tests.Running;

namespace PasswordSync.Native.Tests.Core;

/// <summary>The filter's sealer against tests/vectors/envelope-sealing.json, byte by byte.</summary>
[SupportedOSPlatform("linux")]
public sealed class SharedVectorTests
{
    private static readonly Dictionary<string, string> WordsOfRefusals = new()
    {
        ["too-long"] = "the password is longer than 1,021 bytes",
        ["malformed"] = "the password is not UTF-8",
    };

    public SharedVectorTests() => NativeBuild.SkipUnlessLinux();

    [Fact]
    public async Task Every_vector_is_sealed_to_the_same_bytes_or_refused_for_the_same_reason()
    {
        var vectors = Read();
        vectors.Length.ShouldBeGreaterThan(0);

        var sealer = NativeBuild.TestProgram("vector_sealer");
        var input = Encoding.ASCII.GetBytes(string.Concat(vectors.Select(vector => Line(vector) + "\n")));
        var end = await ProcessRun.RunAsync(sealer, [], input, environment: null, TestContext.Current.CancellationToken);

        end.ExitCode.ShouldBe(0, end.Error);
        var answers = end.Output.TrimEnd('\n').Split('\n');
        answers.Length.ShouldBe(vectors.Length);
        foreach (var (vector, answer) in vectors.Zip(answers))
            answer.ShouldBe(vector.Refusal is null ? vector.Envelope : WordsOfRefusals[vector.Refusal], vector.Name);
    }

    /// <summary>One line of the input that native/Filter/tests/vector_sealer.c describes.</summary>
    private static string Line(SealingVector vector) => string.Join(' ',
        vector.EphemeralPrivate,
        vector.Public,
        Guid.Parse(vector.Description.CaptureId).ToString("N"),
        vector.Description.CaptureTime,
        vector.Description.Rid,
        Hexadecimal(vector.Description.Cluster),
        Hexadecimal(vector.Description.Source),
        Hexadecimal(vector.Description.Dc),
        Hexadecimal(vector.Description.AccountName),
        vector.Encoding == "utf-16le" ? "1" : "2",
        vector.Password.Length == 0 ? "-" : vector.Password);

    private static string Hexadecimal(string text) => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text));

    private static SealingVector[] Read()
    {
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "vectors", "envelope-sealing.json"));
        return JsonSerializer.Deserialize<SealingFile>(text, JsonSerializerOptions.Web)?.Vectors ?? throw new InvalidDataException("There are no vectors.");
    }

    private sealed record SealingFile(SealingVector[] Vectors);

    private sealed record SealingVector(
        string Name,
        DescriptionVector Description,
        string Encoding,
        string Password,
        string Public,
        [property: JsonRequired] string EphemeralPrivate,
        string? Refusal,
        string? Envelope);

    private sealed record DescriptionVector(string CaptureId, string CaptureTime, uint Rid, string Cluster, string Source, string Dc, string AccountName);
}
