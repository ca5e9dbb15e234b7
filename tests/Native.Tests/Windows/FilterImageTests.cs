using System.Reflection.PortableExecutable;
using System.Runtime.Versioning;
using System.Text;
using PasswordSync.Native.Tests.Building;
using PasswordSync.Native.Tests.Running;
using PasswordSync.Native.Tests.Windows.Wine;

namespace PasswordSync.Native.Tests.Windows;

/// <summary>Looks at the released DLL's bytes.</summary>
[SupportedOSPlatform("linux")]
[Collection(WineMachine.Collection)]
public sealed class FilterImageTests
{
    [Fact]
    public async Task Three_functions_are_exported_and_two_libraries_imported()
    {
        await WineMachine.NeedAsync();

        var dump = await DumpAsync(WineMachine.Filter);

        Words(dump, "DLL Name:").Select(name => name.ToLowerInvariant()).Order().ShouldBe(["bcrypt.dll", "kernel32.dll"]);
        dump.Split('\n').SkipWhile(line => !line.StartsWith("[Ordinal/Name Pointer] Table", StringComparison.Ordinal)).Skip(1)
            .TakeWhile(line => line.Contains('[', StringComparison.Ordinal)).Select(line => line.Split(' ')[^1].Trim())
            .ShouldBe(["InitializeChangeNotify", "PasswordChangeNotify", "PasswordFilter"]);
    }

    [Fact]
    public async Task Image_has_no_time_and_every_protection_of_the_format()
    {
        await WineMachine.NeedAsync();
        await using var file = File.OpenRead(WineMachine.Filter);
        using var image = new PEReader(file);

        var headers = image.PEHeaders;

        headers.CoffHeader.Machine.ShouldBe(Machine.Amd64);
        headers.CoffHeader.TimeDateStamp.ShouldBe(0);
        const DllCharacteristics expected = DllCharacteristics.DynamicBase | DllCharacteristics.NxCompatible | DllCharacteristics.HighEntropyVirtualAddressSpace;
        (headers.PEHeader!.DllCharacteristics & expected).ShouldBe(expected);
        headers.PEHeader.ExceptionTableDirectory.Size.ShouldBeGreaterThan(0, "without it no fault is caught");
        headers.SectionHeaders.ShouldNotContain(section =>
            section.SectionCharacteristics.HasFlag(SectionCharacteristics.MemExecute) && section.SectionCharacteristics.HasFlag(SectionCharacteristics.MemWrite));
    }

    [Fact]
    public async Task Released_filter_holds_nothing_of_the_seam_for_tests()
    {
        await WineMachine.NeedAsync();
        var seam = Encoding.Unicode.GetBytes("PASSWORDSYNC_TEST");

        (await File.ReadAllBytesAsync(WineMachine.FilterWithSeam, TestContext.Current.CancellationToken)).AsSpan().IndexOf(seam).ShouldBeGreaterThan(0);
        (await File.ReadAllBytesAsync(WineMachine.Filter, TestContext.Current.CancellationToken)).AsSpan().IndexOf(seam).ShouldBe(-1);
        (await DumpAsync(WineMachine.Filter)).ShouldNotContain("GetEnvironmentVariable");
    }

    [Fact]
    public async Task Two_builds_give_the_same_bytes()
    {
        await WineMachine.NeedAsync();
        using var other = new FilterSite();
        var folder = Path.Combine(other.Folder, "build");
        await NativeBuild.MakeAsync(folder, [.. WineMachine.BuildOptions, "-DBUILD_TESTING=OFF"], TestContext.Current.CancellationToken);

        (await File.ReadAllBytesAsync(Path.Combine(folder, "PasswordSyncFilter.dll"), TestContext.Current.CancellationToken))
            .ShouldBe(await File.ReadAllBytesAsync(WineMachine.Filter, TestContext.Current.CancellationToken));
    }

    private static async Task<string> DumpAsync(string file)
    {
        var end = await ProcessRun.RunAsync("x86_64-w64-mingw32-objdump", ["-p", file], default, environment: null, TestContext.Current.CancellationToken);
        end.ExitCode.ShouldBe(0, end.Error);
        return end.Output;
    }

    private static IEnumerable<string> Words(string dump, string label) =>
        dump.Split('\n').Where(line => line.Contains(label, StringComparison.Ordinal)).Select(line => line.Split(label)[1].Trim());
}
