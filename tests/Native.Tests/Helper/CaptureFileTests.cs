using System.Diagnostics;
using System.Runtime.Versioning;
using PasswordSync.Native.Tests.Building;
using PasswordSync.Native.Tests.Running;

namespace PasswordSync.Native.Tests.Helper;

/// <summary>Trouble with the capture file never decides: a good password is agreed to, a weak one refused. Its grammar: capture_file_test.c.</summary>
[SupportedOSPlatform("linux")]
public sealed class CaptureFileTests
{
    private const string Good = "Correct-Horse-7";
    private const string Weak = "correct-horse";

    public CaptureFileTests() => NativeBuild.SkipUnlessLinux();

    [Fact]
    public async Task Missing_file_is_reported()
    {
        using var site = new CaptureSite();
        File.Delete(site.CaptureFile);

        await ReportsAndJudgesAsync(site, $"capture file {site.CaptureFile}: No such file or directory");
    }

    [Fact]
    public async Task Missing_argument_is_reported()
    {
        var end = await ProcessRun.RunAsync(
            NativeBuild.Helper, [], "Correct-Horse-7"u8.ToArray(), HelperRun.Environment("alice"), TestContext.Current.CancellationToken);

        end.ExitCode.ShouldBe(HelperRun.Agrees);
        end.Error.ShouldContain("not captured: capture file : No such file or directory");
    }

    [Fact]
    public async Task Folder_in_its_place_is_reported()
    {
        using var site = new CaptureSite();
        File.Delete(site.CaptureFile);
        Directory.CreateDirectory(site.CaptureFile);

        await ReportsAndJudgesAsync(site, "is not a regular file");
    }

    [Fact]
    public async Task Pipe_in_its_place_does_not_hold_the_change_up()
    {
        using var site = new CaptureSite();
        File.Delete(site.CaptureFile);
        using var make = Process.Start("mkfifo", [site.CaptureFile]);
        await make.WaitForExitAsync(TestContext.Current.CancellationToken);

        await ReportsAndJudgesAsync(site, "is not a regular file");
    }

    [Fact]
    public async Task File_that_everybody_may_write_is_not_trusted()
    {
        using var site = new CaptureSite();
        File.SetUnixFileMode(site.CaptureFile, File.GetUnixFileMode(site.CaptureFile) | UnixFileMode.OtherWrite);

        await ReportsAndJudgesAsync(site, "or everybody may write it");
    }

    [Fact]
    public async Task File_that_is_too_long_is_reported()
    {
        using var site = new CaptureSite();
        var lines = site.ProperLines();
        lines["comment"] = new string('x', 8_192);
        site.WriteCaptureFile(lines);

        await ReportsAndJudgesAsync(site, "is longer than 8,192 bytes");
    }

    [Fact]
    public async Task Line_and_name_of_a_fault_are_reported()
    {
        using var site = new CaptureSite();
        site.Set("wait-ms", "soon");

        await ReportsAndJudgesAsync(site, "line 8, wait-ms: a value is outside its bounds");
    }

    [Fact]
    public async Task Key_that_is_no_point_of_the_curve_is_reported()
    {
        using var site = new CaptureSite();
        var key = site.ProperLines()["key"];
        site.Set("key", key[..^1] + (key[^1] == '0' ? '1' : '0'));

        await ReportsAndJudgesAsync(site, "is the key of the capture file a point of P-256?");
    }

    [Fact]
    public async Task Rule_of_a_file_without_a_key_still_holds()
    {
        using var site = new CaptureSite();
        site.WriteCaptureFile("passwordsync-capture 1\nmin-length 3\ncomplexity off\n");

        (await HelperRun.RunAsync(site, "aaa")).ExitCode.ShouldBe(HelperRun.Agrees);
        (await HelperRun.RunAsync(site, "aa")).ExitCode.ShouldBe(HelperRun.Refuses);
    }

    private static async Task ReportsAndJudgesAsync(CaptureSite site, string report)
    {
        var good = await HelperRun.RunAsync(site, Good);
        good.ExitCode.ShouldBe(HelperRun.Agrees);
        good.Error.ShouldStartWith("passwordsync-samba-helper: alice: not captured: ");
        good.Error.ShouldContain(report);
        (await HelperRun.RunAsync(site, Weak)).ExitCode.ShouldBe(HelperRun.Refuses);
        site.DroppedFiles.ShouldBeEmpty();
    }
}
