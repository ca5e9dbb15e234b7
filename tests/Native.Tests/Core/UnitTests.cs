using System.Runtime.Versioning;
using PasswordSync.Native.Tests.Building;
using PasswordSync.Native.Tests.Running;
using PasswordSync.Native.Tests.Windows.Wine;

namespace PasswordSync.Native.Tests.Core;

/// <summary>The tests in C of native/Filter/tests and native/Filter/fuzz.</summary>
[SupportedOSPlatform("linux")]
public sealed class UnitTests
{
    /// <summary>How many inputs each fuzzer tries; about a minute each.</summary>
    private const string FuzzedInputs = "300000";

    public UnitTests() => NativeBuild.SkipUnlessLinux();

    [Fact]
    public async Task Unit_tests_in_C_pass() => await PassAsync(NativeBuild.Folder("native"));

    [Fact]
    public async Task Unit_tests_in_C_pass_under_the_address_and_undefined_behaviour_sanitizers()
    {
        var folder = NativeBuild.Folder("native-sanitized");
        await NativeBuild.MakeAsync(folder, ["-DFILTER_SANITIZE=ON"], TestContext.Current.CancellationToken);

        await PassAsync(folder);
    }

    [Theory]
    [InlineData("access")]
    [InlineData("capture_file")]
    [InlineData("envelope")]
    [InlineData("complexity")]
    [InlineData("notice")]
    public async Task Fuzzing_finds_nothing(string target)
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1", "Part of the long series.");
        var folder = NativeBuild.Folder("native-fuzz");
        await NativeBuild.MakeAsync(folder, ["-DFILTER_FUZZ=ON", "-DCMAKE_C_COMPILER=clang"], TestContext.Current.CancellationToken);
        var found = Directory.CreateDirectory(Path.Combine(folder, "found", target)).FullName;
        var seeds = Path.Combine(NativeBuild.Sources, "fuzz", "seeds", target);

        var end = await ProcessRun.RunAsync(
            Path.Combine(folder, "fuzz", target + "_fuzz"),
            ["-runs=" + FuzzedInputs, "-max_total_time=240", "-artifact_prefix=" + found + "/", found, .. Directory.Exists(seeds) ? new[] { seeds } : []],
            default, environment: null, TestContext.Current.CancellationToken);

        end.ExitCode.ShouldBe(0, end.Error);
    }

    [Theory]
    [InlineData("Filter/core", "linux")]
    [InlineData("Filter/linux", "linux")]
    [InlineData("Filter/windows", "windows")]
    [InlineData("Installer/setup", "windows")]
    public async Task Static_analysis_finds_nothing(string folder, string platform)
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1", "Part of the long series.");
        var isWindows = platform == "windows";
        if (isWindows) await InstallerSite.NeedAsync();
        var build = folder == "Installer/setup" ? Path.GetDirectoryName(InstallerSite.Setup)! : isWindows ? WineMachine.Build : NativeBuild.Folder("native");
        var sources = Directory.GetFiles(Path.Combine(NativeBuild.Sources, "..", folder), "*.c");
        sources.ShouldNotBeEmpty();

        // One file at a time: each has the time limit of a process for itself.
        foreach (var source in sources)
        {
            var tidy = await ProcessRun.RunAsync(
                "clang-tidy", ["-p", build, "--quiet", Path.GetFullPath(source)], default, environment: null, TestContext.Current.CancellationToken);
            tidy.ExitCode.ShouldBe(0, tidy.Output);
        }

        var check = await ProcessRun.RunAsync(
            "cppcheck",
            ["--enable=warning,style,performance,portability", "--std=c11", "--error-exitcode=1", "--quiet", "--suppress=missingIncludeSystem",
                isWindows ? "--platform=win64" : "--platform=unix64",
                "-I", Path.Combine(NativeBuild.Sources, "core"), "-I", Path.Combine(NativeBuild.Sources, platform), .. sources],
            default, environment: null, TestContext.Current.CancellationToken);

        check.ExitCode.ShouldBe(0, check.Error);
    }

    private static async Task PassAsync(string folder)
    {
        var end = await ProcessRun.RunAsync(
            "ctest", ["--test-dir", folder, "--output-on-failure", "--no-tests=error"], default, environment: null, TestContext.Current.CancellationToken);
        end.ExitCode.ShouldBe(0, end.Output + end.Error);
        end.Output.ShouldContain("100% tests passed");
    }
}
