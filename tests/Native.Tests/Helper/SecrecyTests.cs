using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text;
using PasswordSync.Native.Tests.Building;
using PasswordSync.Native.Tests.Running;

namespace PasswordSync.Native.Tests.Helper;

/// <summary>Looks into the helper from outside while it waits for the edge's answer.</summary>
[SupportedOSPlatform("linux")]
public sealed class SecrecyTests
{
    private const string Password = "Canary-Ω-31415926535";

    public SecrecyTests()
    {
        NativeBuild.SkipUnlessLinux();
        NativeBuild.SkipUnlessRoot();
    }

    [Fact]
    public async Task Sealed_password_is_nowhere_in_the_memory_of_the_process()
    {
        await WhileWaitingAsync(async process =>
        {
            (await Observed.CountInMemoryAsync(process.Id, Encoding.UTF8.GetBytes(CaptureSite.DomainController))).ShouldBeGreaterThan(0);
            (await Observed.CountInMemoryAsync(process.Id, Encoding.UTF8.GetBytes(Password))).ShouldBe(0);
            (await Observed.CountInMemoryAsync(process.Id, Encoding.UTF8.GetBytes(Password[^12..]))).ShouldBe(0);
        });
    }

    [Fact]
    public async Task Password_is_neither_in_the_arguments_nor_in_the_environment()
    {
        await WhileWaitingAsync(process =>
        {
            File.ReadAllText($"/proc/{process.Id}/cmdline").ShouldNotContain(Password);
            File.ReadAllText($"/proc/{process.Id}/environ").ShouldBe("SAMBA_CPS_ACCOUNT_NAME=alice\0");
            return Task.CompletedTask;
        });
    }

    [Fact]
    public async Task Process_dumps_no_core_and_keeps_its_secrets_out_of_swap()
    {
        await WhileWaitingAsync(process =>
        {
            File.ReadLines($"/proc/{process.Id}/limits").Single(line => line.StartsWith("Max core file size", StringComparison.Ordinal))
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)[4..6].ShouldBe(["0", "0"]);
            Observed.Status(process.Id, "VmLck").ShouldNotBe("0 kB");
            return Task.CompletedTask;
        });
    }

    [Fact]
    public async Task Other_processes_of_the_same_account_may_not_look_into_it()
    {
        using var site = new CaptureSite();
        site.Set("wait-ms", "5000");
        await using var edge = EdgeDouble.Silent(site.Socket);
        await LetEverybodyInAsync(site);
        using var process = ProcessRun.Start(
            "/usr/bin/setpriv", ["--reuid", "65534", "--regid", "65534", "--clear-groups", NativeBuild.Helper, site.CaptureFile], HelperRun.Environment("alice"));

        var finished = ProcessRun.FinishAsync(process, Encoding.UTF8.GetBytes(Password), TestContext.Current.CancellationToken);
        await edge.NextEnvelopeAsync();
        await Observed.HoldStillAsync(process.Id);

        Observed.Status(process.Id, "Uid").ShouldStartWith("65534");
        // The files of a process that is not dumpable belong to root.
        (await ShellAsync("stat", "-c", "%u", $"/proc/{process.Id}/mem")).ShouldBe("0\n");
        process.Kill();
        await finished;
    }

    [Fact]
    public async Task Inherited_descriptors_are_closed()
    {
        using var site = new CaptureSite();
        site.Set("wait-ms", "5000");
        await using var edge = EdgeDouble.Silent(site.Socket);
        using var process = ProcessRun.Start(
            "/bin/sh", ["-c", """exec 7</dev/null 9>/dev/null; exec "$1" "$2" """, "sh", NativeBuild.Helper, site.CaptureFile], HelperRun.Environment("alice"));

        var finished = ProcessRun.FinishAsync(process, Encoding.UTF8.GetBytes(Password), TestContext.Current.CancellationToken);
        await edge.NextEnvelopeAsync();
        await Observed.HoldStillAsync(process.Id);

        Directory.EnumerateFileSystemEntries($"/proc/{process.Id}/fd").Select(Path.GetFileName).Order().ShouldBe(["0", "1", "2", "3"]);
        process.Kill();
        await finished;
    }

    [Theory]
    [InlineData(Observed.SegmentationFault, "internal error; the password was agreed to and perhaps not captured")]
    [InlineData(Observed.Abort, "internal error; the password was agreed to and perhaps not captured")]
    [InlineData(Observed.Alarm, "took too long; the password was agreed to and perhaps not captured")]
    public async Task Fault_of_the_program_and_too_long_a_life_end_as_an_agreement(int signal, string report)
    {
        using var site = new CaptureSite();
        using var process = HelperRun.Start(site);
        // Its own descriptors are gone, so its protection is complete, and it waits for the password.
        await Observed.UntilAsync(() => File.ReadAllText($"/proc/{process.Id}/wchan").Contains("poll", StringComparison.Ordinal));

        Observed.Send(process.Id, signal);
        var end = await ProcessRun.FinishAsync(process, default, TestContext.Current.CancellationToken);

        end.ExitCode.ShouldBe(HelperRun.Agrees);
        end.Error.ShouldContain(report);
    }

    [Fact]
    public async Task Password_that_does_not_come_is_agreed_to()
    {
        using var site = new CaptureSite();
        using var process = HelperRun.Start(site);
        await process.StandardInput.BaseStream.WriteAsync("Canary"u8.ToArray(), TestContext.Current.CancellationToken);
        await process.StandardInput.BaseStream.FlushAsync(TestContext.Current.CancellationToken);

        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        process.ExitCode.ShouldBe(HelperRun.Agrees);
        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        error.ShouldBe("passwordsync-samba-helper: alice: not captured: the password did not come within 3000 ms\n");
    }

    /// <summary>Runs the helper up to where the edge has the frame and stays silent, and lets the observer look as long as it takes.</summary>
    private static async Task WhileWaitingAsync(Func<Process, Task> observe)
    {
        using var site = new CaptureSite();
        site.Set("wait-ms", "5000");
        await using var edge = EdgeDouble.Silent(site.Socket);
        using var process = HelperRun.Start(site);
        var finished = ProcessRun.FinishAsync(process, Encoding.UTF8.GetBytes(Password), TestContext.Current.CancellationToken);
        await edge.NextEnvelopeAsync();
        await Observed.HoldStillAsync(process.Id);

        await observe(process);

        process.HasExited.ShouldBeFalse();
        process.Kill();
        await finished;
    }

    private static async Task LetEverybodyInAsync(CaptureSite site)
    {
        foreach (var path in new[] { site.Folder, site.Socket, site.CaptureFile }) (await ShellAsync("chown", "65534", path)).ShouldBeEmpty();
    }

    private static async Task<string> ShellAsync(string program, params string[] arguments)
    {
        var end = await ProcessRun.RunAsync(program, arguments, default, environment: null, TestContext.Current.CancellationToken);
        end.ExitCode.ShouldBe(0, end.Error);
        return end.Output;
    }
}
