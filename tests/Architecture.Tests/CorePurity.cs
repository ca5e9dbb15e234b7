using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using PasswordSync.Core.Stamps;
using Shouldly;
using Xunit;

namespace PasswordSync.Architecture.Tests;

/// <summary>Core is a function of its arguments: no package, no clock, no randomness, no input or output.</summary>
public sealed class CorePurity
{
    private const string BannedSymbols = "BannedSymbols.txt";

    private static readonly string[] LeastBanned =
    [
        "P:System.DateTime.UtcNow", "P:System.DateTimeOffset.UtcNow", "T:System.TimeProvider", "T:System.Diagnostics.Stopwatch", "M:System.Guid.NewGuid",
        "T:System.Random", "T:System.IO.File", "T:System.Net.Sockets.Socket", "T:System.Console",
    ];

    [Fact]
    public void Core_has_no_package_but_the_analyzer_of_banned_symbols()
    {
        var core = Projects.Named("Core");

        core.Packages.ShouldBe(["Microsoft.CodeAnalysis.BannedApiAnalyzers"]);
        core.AdditionalFiles.Select(Path.GetFileName).ShouldBe([BannedSymbols]);
    }

    [Fact]
    public void The_list_of_banned_symbols_names_clocks_randomness_and_input_and_output() =>
        LeastBanned.Except(Banned()).ShouldBeEmpty();

    [Fact]
    public void Nothing_in_Core_is_excused_from_the_list() =>
        Repository.FilesIn("src/Core/", ".cs", ".csproj").Append(".editorconfig").Append("Directory.Build.props")
            .SelectMany(file => Repository.LinesOf(file, line => line.Contains("RS0030", StringComparison.Ordinal)))
            .ShouldBeEmpty();

    [Fact]
    public void The_compiled_Core_uses_no_banned_symbol()
    {
        using var assembly = new PEReader(File.OpenRead(typeof(Stamp).Assembly.Location));
        var used = UsedBy(assembly.GetMetadataReader()).ToHashSet();

        used.ShouldContain("T:System.Guid", "the reading of the assembly itself works");
        Banned().Where(used.Contains).ShouldBeEmpty();
    }

    /// <summary>The ids of the list, without parameters: all overloads are meant.</summary>
    private static IEnumerable<string> Banned() =>
        Repository.Read(BannedSymbols).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(';', '(')[0]);

    /// <summary>The types and members of other assemblies that an assembly uses, as ids of documentation comments; of a property its getter.</summary>
    private static IEnumerable<string> UsedBy(MetadataReader reader)
    {
        foreach (var type in reader.TypeReferences) yield return $"T:{NameOf(reader, reader.GetTypeReference(type))}";
        foreach (var handle in reader.MemberReferences)
        {
            var member = reader.GetMemberReference(handle);
            if (member.Parent.Kind != HandleKind.TypeReference) continue;
            var type = NameOf(reader, reader.GetTypeReference((TypeReferenceHandle)member.Parent));
            var name = reader.GetString(member.Name);
            yield return name.StartsWith("get_", StringComparison.Ordinal) ? $"P:{type}.{name["get_".Length..]}" : $"M:{type}.{name}";
        }
    }

    private static string NameOf(MetadataReader reader, TypeReference type) => $"{reader.GetString(type.Namespace)}.{reader.GetString(type.Name)}";
}
