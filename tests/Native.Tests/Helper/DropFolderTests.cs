using System.Runtime.Versioning;
using System.Text;
using PasswordSync.Native.Tests.Building;
using PasswordSync.Native.Tests.Running;

namespace PasswordSync.Native.Tests.Helper;

[SupportedOSPlatform("linux")]
public sealed class DropFolderTests
{
    private const string Password = "Correct-Horse-7";

    /// <summary>An account that owns nothing else: "nobody" on Debian.</summary>
    private const string OtherAccount = "65534";

    public DropFolderTests() => NativeBuild.SkipUnlessLinux();

    [Theory]
    [InlineData("/nowhere/at/all", "No such file or directory")]
    [InlineData("/dev/null", "Not a directory")]
    [InlineData("/proc/self", "No such file or directory")]
    public async Task Folder_that_cannot_be_written_is_reported_and_agreed_to(string folder, string reason)
    {
        using var site = new CaptureSite();
        site.Set("drop", folder);

        var end = await HelperRun.RunAsync(site, Password);

        end.ExitCode.ShouldBe(HelperRun.Agrees);
        end.Error.ShouldContain("alice: not captured: on the socket: No such file or directory; in the drop folder: " + reason);
    }

    // The shell takes the password first: the helper waits for it for a few seconds only, and mounting on a busy machine may take longer.
    [Fact]
    public async Task Full_disk_is_reported_agreed_to_and_leaves_nothing_behind()
    {
        NativeBuild.SkipUnlessRoot();
        using var site = new CaptureSite();
        const string script = """
            password=$(cat)
            mount -t tmpfs -o size=4k tmpfs "$1" && ! head -c 8192 /dev/zero 2>/dev/null > "$1/fill" || exit 99
            printf %s "$password" | "$2" "$3"
            echo "status $?"
            ls -A "$1"
            """;

        var end = await InShellAsync(["unshare", "-m", "sh", "-c", script, "sh", site.DropFolder, NativeBuild.Helper, site.CaptureFile]);

        end.Output.ShouldBe("status 0\nfill\n");
        end.Error.ShouldContain("in the drop folder: No space left on device");
    }

    [Fact]
    public async Task File_size_limit_is_reported_agreed_to_and_leaves_nothing_behind()
    {
        using var site = new CaptureSite();

        var end = await InShellAsync(["sh", "-c", """ulimit -f 0; exec "$1" "$2" """, "sh", NativeBuild.Helper, site.CaptureFile]);

        end.ExitCode.ShouldBe(HelperRun.Agrees);
        end.Error.ShouldContain("in the drop folder: File too large");
        Directory.EnumerateFileSystemEntries(site.DropFolder).ShouldBeEmpty();
    }

    [Fact]
    public async Task Dropped_file_belongs_to_the_owner_of_the_folder()
    {
        NativeBuild.SkipUnlessRoot();
        using var site = new CaptureSite();
        (await ShellAsync("chown", $"{OtherAccount}:{OtherAccount}", site.DropFolder)).ShouldBeEmpty();

        (await HelperRun.RunAsync(site, Password)).ExitCode.ShouldBe(HelperRun.Agrees);

        (await ShellAsync("stat", "-c", "%u:%g %a", site.DroppedFiles.ShouldHaveSingleItem())).ShouldBe($"{OtherAccount}:{OtherAccount} 600\n");
    }

    [Fact]
    public async Task Many_captures_without_an_edge_are_all_dropped()
    {
        const int captures = 24;
        using var site = new CaptureSite();

        await Task.WhenAll(Enumerable.Range(0, captures).Select(index => HelperRun.RunAsync(site, $"{Password}-{index}", $"user{index}")));

        var passwords = site.DroppedFiles.Select(file =>
        {
            var opening = site.Open(File.ReadAllBytes(file));
            using var opened = opening.Password.ShouldNotBeNull();
            return (opening.Description!.AccountName, Encoding.UTF8.GetString(opened.Bytes));
        });
        passwords.Order().ShouldBe(Enumerable.Range(0, captures).Select(index => ($"user{index}", $"{Password}-{index}")).Order());
    }

    private static Task<ProcessEnd> InShellAsync(string[] command)
    {
        var environment = new Dictionary<string, string>(HelperRun.Environment("alice")) { ["PATH"] = "/usr/bin:/bin:/usr/sbin:/sbin" };
        return ProcessRun.RunAsync("/usr/bin/env", command, Encoding.UTF8.GetBytes(Password), environment, TestContext.Current.CancellationToken);
    }

    private static async Task<string> ShellAsync(string program, params string[] arguments)
    {
        var end = await ProcessRun.RunAsync(program, arguments, default, environment: null, TestContext.Current.CancellationToken);
        end.ExitCode.ShouldBe(0, end.Error);
        return end.Output;
    }
}
