using System.Runtime.Versioning;
using PasswordSync.Native.Tests.Building;
using PasswordSync.Native.Tests.Windows.Wine;

namespace PasswordSync.Native.Tests.Windows;

/// <summary>The filter as clang-cl makes it, which takes Microsoft's options and linker, though not Microsoft's headers here.</summary>
[SupportedOSPlatform("linux")]
[Collection(WineMachine.Collection)]
public sealed class MicrosoftCompilerTests
{
    private static string Folder => NativeBuild.Folder("native-clang-cl");

    [Fact]
    public async Task Filter_of_clang_cl_seals()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1", "Part of the long series.");
        await WineMachine.NeedAsync();
        var toolchain = Path.Combine(NativeBuild.Sources, "tests", "windows", "toolchain-clang-cl-on-linux.cmake");
        await InstallerSite.RunAsync("cmake", "-S", NativeBuild.Sources, "-B", Folder, $"-DCMAKE_TOOLCHAIN_FILE={toolchain}");
        // The test programs need a C runtime, which is not here.
        await InstallerSite.RunAsync("cmake", "--build", Folder, "--target", "PasswordSyncFilter", "PasswordSyncFilterSeam");
        using var site = new FilterSite();
        await using var lsass = await LsassDouble.StartAsync(site, Path.Combine(Folder, "tests", "PasswordSyncFilterSeam.dll"));

        (await lsass.ChangeAsync("alice", "Pässword-1")).Status.ShouldBe(0);

        (await lsass.DrainedAsync()).Captured.ShouldBe(1);
        site.Dropped.Select(site.Open).ShouldBe([("alice", LsassDouble.Hex("Pässword-1"))]);
    }
}
