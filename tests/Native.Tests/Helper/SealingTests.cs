using System.Runtime.Versioning;
using System.Text;
using PasswordSync.Native.Tests.Building;
using PasswordSync.Native.Tests.Running;
using PasswordSync.Sealing.Envelopes;

namespace PasswordSync.Native.Tests.Helper;

[SupportedOSPlatform("linux")]
public sealed class SealingTests
{
    public SealingTests() => NativeBuild.SkipUnlessLinux();

    public static TheoryData<string, string> Passwords => new()
    {
        { "ASCII", "Correct-Horse-7-Battery" },
        { "euro", "Pa€€word-7" },
        { "combining", "e\u0301clair-Nr-7 a\u030A" },
        { "outside the BMP", "Clef-𝄞-and-😀-7" },
        { "256 characters", string.Concat(Enumerable.Repeat("Aa1-€ñ字😀", 28)) + "abcd" },
        { "spaces and line feeds at the ends", " \nPassword-7\r\n " },
        { "zero character inside", "Pass\0word-7" },
        { "longest", "A1-" + new string('a', 1_018) },
        { "longest of three-byte characters", "A-" + new string('€', 339) + "12" },
    };

    [Theory]
    [MemberData(nameof(Passwords))]
    public async Task Password_is_opened_byte_for_byte(string kind, string password)
    {
        kind.ShouldNotBeEmpty();
        using var site = new CaptureSite(isPatient: true);
        await using var edge = EdgeDouble.Answering(site.Socket, EdgeDouble.Taken);

        var end = await HelperRun.RunAsync(site, password);

        end.ExitCode.ShouldBe(HelperRun.Agrees);
        end.Error.ShouldBeEmpty();
        var opening = site.Open(await edge.NextEnvelopeAsync());
        opening.IsOpened.ShouldBeTrue(opening.ToString());
        using var opened = opening.Password.ShouldNotBeNull();
        opened.Encoding.ShouldBe(PasswordEncoding.Utf8);
        opened.Bytes.ToArray().ShouldBe(Encoding.UTF8.GetBytes(password));
        site.DroppedFiles.ShouldBeEmpty();
    }

    [Fact]
    public async Task Zero_length_password_is_sealed_where_the_rule_allows_it()
    {
        using var site = new CaptureSite(isPatient: true);
        site.WriteCaptureFile(new Dictionary<string, string>(site.ProperLines()) { ["min-length"] = "0", ["complexity"] = "off" });
        await using var edge = EdgeDouble.Answering(site.Socket, EdgeDouble.Taken);

        (await HelperRun.RunAsync(site, "")).ExitCode.ShouldBe(HelperRun.Agrees);

        using var opened = site.Open(await edge.NextEnvelopeAsync()).Password.ShouldNotBeNull();
        opened.Bytes.Length.ShouldBe(0);
    }

    [Fact]
    public async Task Envelope_describes_the_capture()
    {
        using var site = new CaptureSite(isPatient: true);
        await using var edge = EdgeDouble.Answering(site.Socket, EdgeDouble.Taken);
        var before = DateTimeOffset.UtcNow;

        (await HelperRun.RunAsync(site, "Correct-Horse-7", "Zoë.Ångström$")).ExitCode.ShouldBe(HelperRun.Agrees);

        var opening = site.Open(await edge.NextEnvelopeAsync());
        using var opened = opening.Password.ShouldNotBeNull();
        var description = opening.Description.ShouldNotBeNull();
        description.AccountName.ShouldBe("Zoë.Ångström$");
        description.RelativeId.ShouldBe(0u);
        description.CaptureTime.ShouldBeInRange(before, DateTimeOffset.UtcNow);
        description.CaptureId.Version.ShouldBe(4);
        description.CaptureId.Variant.ShouldBeInRange(8, 11);
    }

    [Theory]
    [InlineData(1_022)]
    [InlineData(300_000)]
    public async Task Longer_password_is_reported_and_agreed_to(int length)
    {
        using var site = new CaptureSite(isPatient: true);
        await using var edge = EdgeDouble.Answering(site.Socket, EdgeDouble.Taken);

        var end = await HelperRun.RunAsync(site, "A1-" + new string('a', length - 3));

        end.ExitCode.ShouldBe(HelperRun.Agrees);
        end.Error.ShouldContain("alice: not captured: the password is longer than 1,021 bytes");
        NothingWasCaptured(site, edge);
    }

    [Fact]
    public async Task Password_that_is_not_UTF8_is_reported_and_agreed_to()
    {
        using var site = new CaptureSite(isPatient: true);
        await using var edge = EdgeDouble.Answering(site.Socket, EdgeDouble.Taken);

        var end = await HelperRun.RunAsync(site, new byte[] { (byte)'A', 0xED, 0xA0, 0x80, (byte)'1' });

        end.ExitCode.ShouldBe(HelperRun.Agrees);
        end.Error.ShouldContain("alice: not captured: the password is not UTF-8");
        NothingWasCaptured(site, edge);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("with\ttab")]
    public async Task Account_name_that_cannot_be_described_is_reported_without_it(string? account)
    {
        using var site = new CaptureSite(isPatient: true);
        await using var edge = EdgeDouble.Answering(site.Socket, EdgeDouble.Taken);

        var end = await HelperRun.RunAsync(site, "Correct-Horse-7", account);

        end.ExitCode.ShouldBe(HelperRun.Agrees);
        end.Error.ShouldContain(": account: not captured: the account's name is");
        NothingWasCaptured(site, edge);
    }

    [Theory]
    [InlineData(1_024, true)]
    [InlineData(1_025, false)]
    public async Task Account_name_has_at_most_1024_bytes(int length, bool captured)
    {
        using var site = new CaptureSite(isPatient: true);
        await using var edge = EdgeDouble.Answering(site.Socket, EdgeDouble.Taken);

        (await HelperRun.RunAsync(site, "Correct-Horse-7", new string('a', length))).ExitCode.ShouldBe(HelperRun.Agrees);

        edge.EnvelopesWaiting.ShouldBe(captured ? 1 : 0);
    }

    [Fact]
    public async Task Two_instances_at_once_capture_both()
    {
        const int instances = 16;
        using var site = new CaptureSite();
        site.Set("wait-ms", "5000");
        await using var edge = EdgeDouble.Answering(site.Socket, EdgeDouble.Taken);

        var ends = await Task.WhenAll(Enumerable.Range(0, instances).Select(index => HelperRun.RunAsync(site, $"Correct-Horse-{index}", $"user{index}")));

        ends.ShouldAllBe(end => end.ExitCode == HelperRun.Agrees);
        // What an edge too busy to answer in time was sent is in the drop folder, too.
        var envelopes = site.DroppedFiles.Select(File.ReadAllBytes).ToList();
        while (edge.EnvelopesWaiting > 0) envelopes.Add(await edge.NextEnvelopeAsync());
        var captures = new Dictionary<Guid, string>();
        foreach (var envelope in envelopes)
        {
            var opening = site.Open(envelope);
            using var opened = opening.Password.ShouldNotBeNull();
            Encoding.UTF8.GetString(opened.Bytes).ShouldBe("Correct-Horse-" + opening.Description!.AccountName["user".Length..]);
            captures[opening.Description.CaptureId] = opening.Description.AccountName;
        }

        captures.Values.Order().ShouldBe(Enumerable.Range(0, instances).Select(index => $"user{index}").Order());
    }

    private static void NothingWasCaptured(CaptureSite site, EdgeDouble edge)
    {
        edge.EnvelopesWaiting.ShouldBe(0);
        Directory.EnumerateFileSystemEntries(site.DropFolder).ShouldBeEmpty();
    }
}
