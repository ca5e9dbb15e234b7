using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Capture.Configuration;
using PasswordSync.Capture.Health;
using PasswordSync.Capture.Tests.Pipeline;
using PasswordSync.Capture.Tests.Support;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Intake;
using PasswordSync.Sealing.Keys;
using Shouldly;
using Xunit;

namespace PasswordSync.Capture.Tests.Configuration;

/// <summary>Scopes and keys come together, and neither waits for the other.</summary>
public sealed class ConfigurationChangeTests : IDisposable
{
    private const string Unreadable = "(objectClass=user";
    private readonly TemporaryFolder folder = new();

    private string CaptureFilePath => folder.In("capture.conf");

    private StoredConfiguration Stored => new(folder.In("configuration.json"));

    [Fact]
    public async Task I1_New_key_is_sealed_to_even_if_the_scopes_that_come_with_it_cannot_be_read()
    {
        await using var edge = new RunningEdge(isConfigured: false).Start();
        using var second = PrivateSealingKey.Generate();
        await TakeAsync(edge, Told(edge, version: 1, filter: null, TestEnvelopes.PublicKey));

        await TakeAsync(edge, Told(edge, version: 2, Unreadable, second.PublicKey));

        (await File.ReadAllTextAsync(CaptureFilePath)).ShouldContain($"key {second.PublicKey}\n");
        edge.Alarms.Standing.ShouldHaveSingleItem().ShouldBeOfType<EdgeAlarm.ConfigurationUnusable>().Sentence.ShouldContain("the filter of scope 'staff' cannot be read");
        (await Stored.ReadAsync(CancellationToken.None)).ShouldNotBeNull().Version.ShouldBe(1, "the next start goes on with scopes that can be read");
        edge.Directory.Add("ann");
        await edge.CaptureAsync("ann");
        edge.Directory.Write("ann");
        await edge.UntilAsync(() => edge.Accepted.Count == 1);
    }

    [Fact]
    public async Task I1_First_configuration_lets_capturing_begin_even_if_its_scopes_cannot_be_read_and_captures_wait_for_such_that_can()
    {
        await using var edge = new RunningEdge(isConfigured: false).Start();

        await TakeAsync(edge, Told(edge, version: 1, Unreadable, TestEnvelopes.PublicKey));

        (await File.ReadAllTextAsync(CaptureFilePath)).ShouldContain($"key {TestEnvelopes.PublicKey}\n");
        (await Stored.ReadAsync(CancellationToken.None)).ShouldBeNull();
        edge.Directory.Add("ann");
        await edge.CaptureAsync("ann");
        edge.Directory.Write("ann");
        await edge.UntilAsync(() => edge.Pipeline.Status.Matching == 1);
        await TakeAsync(edge, Told(edge, version: 2, "(objectClass=user)", TestEnvelopes.PublicKey));
        await edge.UntilAsync(() => edge.Accepted.Count == 1);
        edge.Alarms.Standing.ShouldBeEmpty();
    }

    [Fact]
    public async Task Scopes_are_in_force_even_if_the_capture_file_cannot_be_written()
    {
        await using var edge = new RunningEdge(isConfigured: false).Start();
        Directory.CreateDirectory(CaptureFilePath);
        edge.Directory.Add("ann");
        await edge.CaptureAsync("ann");
        edge.Directory.Write("ann");

        var failure = await Should.ThrowAsync<Exception>(() => TakeAsync(edge, Told(edge, version: 1, filter: null, TestEnvelopes.PublicKey)));

        (failure is IOException or UnauthorizedAccessException).ShouldBeTrue(failure.ToString());
        await edge.UntilAsync(() => edge.Accepted.Count == 1);
    }

    public void Dispose() => folder.Dispose();

    private Task TakeAsync(RunningEdge edge, EdgeConfiguration told)
    {
        var captureFile = new CaptureFile(
            new CaptureFileSettings(CaptureFilePath, "dc1.alpha.test", "/run/pws/s", "/var/lib/pws/drop", TimeSpan.FromMilliseconds(200), 8, HasComplexityRule: true), edge.Time);
        return new ConfigurationChange(edge.Pipeline.Apply, captureFile, Stored, NullLogger<ConfigurationChange>.Instance).TakeAsync(told, CancellationToken.None).AsTask();
    }

    private static EdgeConfiguration Told(RunningEdge edge, int version, string? filter, PublicSealingKey key) => new(
        version,
        "main",
        new SourceId("alpha.test"),
        [new ScopeRule("staff", "DC=alpha,DC=test", ScopeLevel.Subtree, filter, [], [])],
        [new SealingKey(key.Id.ToString(), key.ToString(), edge.Time.GetUtcNow().AddDays(10))],
        [new Uri("https://node1/")],
        EdgeConfiguration.GraceSecondsDefault);
}
