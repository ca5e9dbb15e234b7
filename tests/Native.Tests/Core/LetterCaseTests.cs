using System.Globalization;
using System.Runtime.Versioning;
using System.Text;
using PasswordSync.Native.Tests.Building;
using PasswordSync.Native.Tests.Running;

namespace PasswordSync.Native.Tests.Core;

/// <summary>
/// The filter's case mappings against .NET's own, which come from the same standard by another way. Which characters have a case at all:
/// <see cref="ComplexityAgainstSambaTests"/>.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed class LetterCaseTests
{
    public LetterCaseTests() => NativeBuild.SkipUnlessLinux();

    [Fact]
    public async Task Every_mapping_is_the_one_that_NET_has()
    {
        var mappings = await MappingsAsync();

        mappings.Count.ShouldBeGreaterThan(1_200);
        mappings.Where(mapping => mapping.Value != DotNet(mapping.Key))
            .Select(mapping => $"{mapping.Key:X4}: {mapping.Value:X4}, .NET {DotNet(mapping.Key):X4}").ShouldBeEmpty();
    }

    private static (int Lower, int Upper) DotNet(int character) =>
        (Rune.ToLowerInvariant(new Rune(character)).Value, Rune.ToUpperInvariant(new Rune(character)).Value);

    private static async Task<Dictionary<int, (int Lower, int Upper)>> MappingsAsync()
    {
        var end = await ProcessRun.RunAsync(
            NativeBuild.TestProgram("letter_case_lister"), [], default, environment: null, TestContext.Current.CancellationToken);
        end.ExitCode.ShouldBe(0);
        return end.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' ').Select(field => int.Parse(field, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray())
            .ToDictionary(fields => fields[0], fields => (fields[1], fields[2]));
    }
}
