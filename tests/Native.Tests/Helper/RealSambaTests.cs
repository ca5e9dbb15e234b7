using System.Runtime.Versioning;
using System.Text;
using PasswordSync.Native.Tests.Building;
using PasswordSync.Native.Tests.Running;

namespace PasswordSync.Native.Tests.Helper;

/// <summary>
/// Samba itself runs the helper: samba-tool works on the database of a freshly provisioned domain, which applies the password rules without
/// any server running. Needs Debian's samba, samba-ad-provision and root.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed class RealSambaTests
{
    private const string SambaTool = "/usr/bin/samba-tool";

    public RealSambaTests()
    {
        NativeBuild.SkipUnlessLinux();
        NativeBuild.SkipUnlessRoot();
        Assert.SkipUnless(File.Exists(SambaTool) && Directory.Exists("/usr/share/samba/setup"), "Samba is not installed.");
    }

    [Fact]
    public async Task Samba_asks_the_helper_for_people_only_and_obeys_it()
    {
        using var site = new CaptureSite();
        var domain = Path.Combine(site.Folder, "domain");
        await MustSucceedAsync(
            "domain", "provision", "--realm=PSN.TEST", "--domain=PSN", "--adminpass=Administrator-1", "--server-role=dc", "--dns-backend=NONE", $"--targetdir={domain}");
        var configuration = Path.Combine(domain, "etc", "smb.conf");
        var script = $"\tcheck password script = {NativeBuild.Helper} {site.CaptureFile}\n";
        File.WriteAllText(configuration, File.ReadAllText(configuration).Replace("[global]\n", "[global]\n" + script, StringComparison.Ordinal));
        string[] where = ["-H", Path.Combine(domain, "private", "sam.ldb"), "-s", configuration];

        await MustSucceedAsync(["user", "create", "alice", "Correct-Horse-1", .. where]);
        await MustSucceedAsync(["user", "setpassword", "alice", "--newpassword=Пароль77", .. where]);
        var weak = await RunAsync(["user", "setpassword", "alice", "--newpassword=weak-weak-weak", .. where]);
        var named = await RunAsync(["user", "create", "Carol.2024", "cAROL.2024", .. where]);
        await MustSucceedAsync(["computer", "create", "pc1", .. where]);
        await MustSucceedAsync(["user", "create", "svc$", "Correct-Horse-3", .. where]);

        weak.Error.ShouldContain("does not meet the complexity criteria");
        named.Error.ShouldContain("does not meet the complexity criteria");
        Captured(site).ShouldBe(
            [("alice", "Correct-Horse-1"), ("alice", "Пароль77"), ("svc$", "Correct-Horse-3")]);
    }

    private static (string Account, string Password)[] Captured(CaptureSite site) => [.. site.DroppedFiles.Select(file =>
    {
        var opening = site.Open(File.ReadAllBytes(file));
        using var opened = opening.Password.ShouldNotBeNull();
        return (opening.Description!.CaptureTime, opening.Description.AccountName, Password: Encoding.UTF8.GetString(opened.Bytes));
    }).OrderBy(capture => capture.CaptureTime).Select(capture => (capture.AccountName, capture.Password))];

    private static async Task MustSucceedAsync(params string[] arguments)
    {
        var end = await RunAsync(arguments);
        end.ExitCode.ShouldBe(0, $"samba-tool {arguments[0]} {arguments[1]}: {end.Error}");
    }

    private static Task<ProcessEnd> RunAsync(string[] arguments) =>
        ProcessRun.RunAsync(SambaTool, arguments, default, environment: null, TestContext.Current.CancellationToken);
}
