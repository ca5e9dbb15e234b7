using PasswordSync.Capture.Configuration;
using PasswordSync.Capture.Tests.Support;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Intake;
using PasswordSync.Sealing.Keys;
using Shouldly;
using Xunit;

namespace PasswordSync.Capture.Tests.Configuration;

public sealed class CaptureFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly ManualClock time = new();

    private string FilePath => folder.In("capture.conf");

    [Fact]
    public async Task File_says_what_the_specification_asks_for()
    {
        (await Write(KeyUntil(10))).ShouldBeTrue();
        File.ReadAllText(FilePath).ShouldBe($"""
            passwordsync-capture 1
            cluster main
            source alpha.test
            dc dc1.alpha.test
            key {TestEnvelopes.PublicKey}
            socket /run/pws/s
            drop /var/lib/pws/drop
            wait-ms 200
            min-length 8
            complexity on

            """.ReplaceLineEndings("\n"));
        File.Exists(FilePath + ".new").ShouldBeFalse();
    }

    [Fact]
    public async Task Key_that_lasts_longest_is_the_one_to_seal_to()
    {
        using var newer = PrivateSealingKey.Generate();
        await Write(KeyUntil(10), new SealingKey(newer.PublicKey.Id.ToString(), newer.PublicKey.ToString(), time.GetUtcNow().AddDays(20)), KeyUntil(5));
        File.ReadAllText(FilePath).ShouldContain($"key {newer.PublicKey}\n");
    }

    [Fact]
    public async Task Without_a_key_that_is_valid_the_file_stays_as_it_is()
    {
        await Write(KeyUntil(10));
        var before = File.ReadAllText(FilePath);
        (await Write(KeyUntil(-1))).ShouldBeFalse();
        (await Write(new SealingKey("00", "04", time.GetUtcNow().AddDays(9)))).ShouldBeFalse();
        File.ReadAllText(FilePath).ShouldBe(before);
    }

    [Fact]
    public async Task File_that_says_so_already_is_not_written_again()
    {
        await Write(KeyUntil(10));
        File.SetLastWriteTimeUtc(FilePath, DateTime.UnixEpoch);
        await Write(KeyUntil(10));
        File.GetLastWriteTimeUtc(FilePath).ShouldBe(DateTime.UnixEpoch);
    }

    [Fact]
    public async Task Configuration_is_kept_over_a_restart()
    {
        var stored = new StoredConfiguration(folder.In("configuration.json"));
        (await stored.ReadAsync(CancellationToken.None)).ShouldBeNull();
        await stored.WriteAsync(Configuration(KeyUntil(1)), CancellationToken.None);
        var read = await stored.ReadAsync(CancellationToken.None);
        read.ShouldNotBeNull().Version.ShouldBe(7);
        read.SealingKeys.ShouldBe([KeyUntil(1)]);
    }

    [Fact]
    public async Task Stored_configuration_that_cannot_be_read_is_none()
    {
        File.WriteAllText(folder.In("configuration.json"), "{");
        (await new StoredConfiguration(folder.In("configuration.json")).ReadAsync(CancellationToken.None)).ShouldBeNull();
    }

    public void Dispose() => folder.Dispose();

    private SealingKey KeyUntil(int days) => new(TestEnvelopes.PublicKey.Id.ToString(), TestEnvelopes.PublicKey.ToString(), time.GetUtcNow().AddDays(days));

    private static EdgeConfiguration Configuration(params SealingKey[] keys) => new(7, "main", new SourceId("alpha.test"), [], [.. keys], [new Uri("https://node1/")], 600);

    private Task<bool> Write(params SealingKey[] keys) => new CaptureFile(
        new CaptureFileSettings(FilePath, "dc1.alpha.test", "/run/pws/s", "/var/lib/pws/drop", TimeSpan.FromMilliseconds(200), 8, HasComplexityRule: true), time)
        .WriteAsync(Configuration(keys), CancellationToken.None);
}
