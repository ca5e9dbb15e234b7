using System.Globalization;
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

    /// <summary>The helper itself, not its parts: a thousand starts, each with another password than the one before.</summary>
    [Fact]
    public async Task A_thousand_runs_of_the_helper_lose_and_change_nothing()
    {
        const int runs = 1_000;
        string[] passwords = [.. Read().Where(vector => vector is { Encoding: "utf-8", Refusal: null }).Select(vector => vector.Password)];
        passwords.Length.ShouldBeGreaterThan(5);
        using var site = new CaptureSite(isPatient: true);
        site.WriteCaptureFile(new Dictionary<string, string>(site.ProperLines()) { ["min-length"] = "0", ["complexity"] = "off" });
        await using var edge = EdgeDouble.Answering(site.Socket, EdgeDouble.Taken);

        var input = Encoding.ASCII.GetBytes(string.Concat(passwords.Select(password => password + "\n")));
        var end = await ProcessRun.RunAsync(
            NativeBuild.TestProgram("helper_runs"), [NativeBuild.Helper, site.CaptureFile, $"{runs}"], input, environment: null, TestContext.Current.CancellationToken);

        (end.ExitCode, end.Error).ShouldBe((0, ""));
        var envelopes = site.DroppedFiles.Select(File.ReadAllBytes).ToList();
        while (edge.EnvelopesWaiting > 0) envelopes.Add(await edge.NextEnvelopeAsync());
        var captured = new Dictionary<string, string>();
        foreach (var envelope in envelopes)
        {
            var opening = site.Open(envelope);
            using var opened = opening.Password.ShouldNotBeNull(opening.ToString());
            captured[opening.Description!.AccountName] = Convert.ToHexStringLower(opened.Bytes);
        }

        captured.Count.ShouldBe(runs, "an edge too busy to answer gets a run's envelope, and the drop folder has it, too");
        foreach (var (account, password) in captured) password.ShouldBe(passwords[int.Parse(account["run".Length..], CultureInfo.InvariantCulture) % passwords.Length], account);
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
