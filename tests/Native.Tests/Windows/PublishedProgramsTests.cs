using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.Versioning;
using System.Text.Json;
using PasswordSync.Native.Tests.Windows.Wine;

namespace PasswordSync.Native.Tests.Windows;

/// <summary>What people get who publish for Windows: programs that are whole, and that start. What they do on Windows is for Windows to show.</summary>
[SupportedOSPlatform("linux")]
[Collection(WineMachine.Collection)]
public sealed class PublishedProgramsTests
{
    /// <summary>Windows' own, of what product and packages call.</summary>
    private static readonly HashSet<string> OfWindows = new(StringComparer.OrdinalIgnoreCase)
    {
        "advapi32", "bcrypt", "crypt32", "gdi32", "kernel32", "mpr", "netapi32", "ntdll", "ole32", "oleaut32", "secur32", "shell32", "user32", "ws2_32", "wtsapi32",
    };

    [Theory]
    [InlineData("EdgeNode", "PasswordSync.EdgeNode", "--help", 0, "PasswordSync edge", "doctor")]
    [InlineData("SyncNode", "PasswordSync.SyncNode", "--help", 0, "PasswordSync sync server", "sign-edge", "e_sqlite3.dll")]
    [InlineData("Demo", "PasswordSync.Demo", "--unknown", 2, "usage:", "--once", "e_sqlite3.dll")]
    [InlineData("Pbm", "pbm", "--help", 0, "Usage: pbm", "pbm login")]
    public async Task Program_published_for_Windows_is_complete_and_starts(string project, string name, string option, int exitCode, string firstWords, string otherWords, params string[] natives)
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1", "Part of the long series.");
        await WineMachine.NeedAsync();
        var folder = await WindowsPublish.MakeAsync(Path.Combine("src", "Nodes", project));

        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(IsOfAnotherSystem).ShouldBeEmpty("for another system than Windows");
        foreach (var native in (string[])["coreclr.dll", "clrjit.dll", "hostfxr.dll", "hostpolicy.dll", "System.IO.Compression.Native.dll", $"{name}.exe", .. natives])
        {
            using var image = Image(Path.Combine(folder, native));
            (image.HasMetadata, image.PEHeaders.CoffHeader.Machine).ShouldBe((false, Machine.Amd64), native);
        }

        var described = Described(Path.Combine(folder, $"{name}.deps.json"));
        described.Count.ShouldBeGreaterThan(150, "the runtime is among it");
        described.Where(file => !File.Exists(Path.Combine(folder, file))).ShouldBeEmpty("the program's own list names it");
        var libraries = Directory.GetFiles(folder, "*.dll", SearchOption.AllDirectories);
        libraries.Where(file => !RunsOnWindows(file)).ShouldBeEmpty("of another processor or system");
        libraries.Where(file => !IsOfTheRuntime(file)).SelectMany(NativesOf).Where(native => !IsThere(folder, native)).Distinct().ShouldBeEmpty("called, and neither here nor Windows' own");

        var end = await WineStart.RunAsync(Path.Combine(folder, $"{name}.exe"), [option]);
        (end.Output + end.Error).ShouldContain(firstWords);
        (end.Output + end.Error).ShouldContain(otherWords);
        end.ExitCode.ShouldBe(exitCode);
    }

    private static PEReader Image(string file) => new(File.OpenRead(file));

    private static bool IsOfAnotherSystem(string file)
    {
        if (Path.GetExtension(file) is ".so" or ".dylib" or ".sh" or ".a") return true;
        var begin = new byte[4];
        using var stream = File.OpenRead(file);
        return stream.ReadAtLeast(begin, begin.Length, throwOnEndOfStream: false) == begin.Length && begin.AsSpan().SequenceEqual("\u007fELF"u8);
    }

    /// <summary>Of this processor, or code for any; what is compiled ahead for Linux bears another number.</summary>
    private static bool RunsOnWindows(string file)
    {
        using var image = Image(file);
        var machine = image.PEHeaders.CoffHeader.Machine;
        return machine == Machine.Amd64 || (machine == Machine.I386 && image.PEHeaders.CorHeader is { } managed && managed.Flags.HasFlag(CorFlags.ILOnly) && !managed.Flags.HasFlag(CorFlags.Requires32Bit));
    }

    /// <summary>The files that the program's list of dependencies says it needs.</summary>
    private static List<string> Described(string file)
    {
        using var list = JsonDocument.Parse(File.ReadAllText(file));
        var target = list.RootElement.GetProperty("runtimeTarget").GetProperty("name").GetString()!;
        target.ShouldEndWith("/win-x64");
        return [.. list.RootElement.GetProperty("targets").GetProperty(target).EnumerateObject().SelectMany(library => Files(library.Value))];

        static IEnumerable<string> Files(JsonElement library) => library.EnumerateObject()
            .Where(kind => kind.Name is "runtime" or "native")
            .SelectMany(kind => kind.Value.EnumerateObject())
            .Select(named => Path.GetFileName(named.Name));
    }

    private static bool IsOfTheRuntime(string file) => Path.GetFileName(file) is var name && (name.StartsWith("System.", StringComparison.Ordinal) || name.StartsWith("Microsoft.AspNetCore.", StringComparison.Ordinal) || name is "mscorlib.dll" or "netstandard.dll" or "WindowsBase.dll");

    /// <summary>The native libraries that an assembly calls.</summary>
    private static List<string> NativesOf(string file)
    {
        using var image = Image(file);
        if (!image.HasMetadata) return [];
        var metadata = image.GetMetadataReader();
        return [.. metadata.MethodDefinitions.Select(handle => metadata.GetMethodDefinition(handle).GetImport().Module).Where(module => !module.IsNil).Select(module => metadata.GetString(metadata.GetModuleReference(module).Name)).Distinct()];
    }

    /// <summary>Whether Windows finds it; what bears the name of a library of another system is called there alone.</summary>
    private static bool IsThere(string folder, string native)
    {
        if (native is "libc" || native.Contains(".so.", StringComparison.Ordinal) || native.StartsWith('/')) return true;
        var name = native.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) ? native[..^4] : native;
        return OfWindows.Contains(name) || File.Exists(Path.Combine(folder, $"{name}.dll"));
    }
}
