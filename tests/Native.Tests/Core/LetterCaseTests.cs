using System.Globalization;
using System.Runtime.Versioning;
using System.Text;
using PasswordSync.Native.Tests.Building;
using PasswordSync.Native.Tests.Running;

namespace PasswordSync.Native.Tests.Core;

/// <summary>The filter's case tables against .NET's own, which come from the same standard by another way.</summary>
[SupportedOSPlatform("linux")]
public sealed class LetterCaseTests
{
    /// <summary>Where .NET's invariant culture deliberately leaves Unicode: the Turkish letters, the long s, and what maps to ASCII or Latin-1.</summary>
    private static readonly HashSet<int> LeftOutByDotNet = [0x130, 0x131, 0x17F, 0x1E9E, 0x2126, 0x212A, 0x212B];

    /// <summary>Letters that got their other case in a later Unicode than the tables' 14.</summary>
    private static readonly HashSet<int> NewerThanTheTables = [0x19B, 0x264];

    public LetterCaseTests() => NativeBuild.SkipUnlessLinux();

    [Fact]
    public async Task Every_mapping_is_the_one_that_NET_has()
    {
        var mappings = await MappingsAsync();

        mappings.Count.ShouldBeGreaterThan(2_800);
        mappings.Where(mapping => !LeftOutByDotNet.Contains(mapping.Key)).Where(mapping => mapping.Value != DotNet(mapping.Key))
            .Select(mapping => $"{mapping.Key:X4}: {mapping.Value:X4}, .NET {DotNet(mapping.Key):X4}").ShouldBeEmpty();
    }

    [Fact]
    public async Task No_Latin_Greek_or_Cyrillic_letter_is_missing()
    {
        var mappings = await MappingsAsync();

        Enumerable.Range(0, 0x530).Where(character => DotNet(character) != (character, character))
            .Where(character => !mappings.ContainsKey(character) && !NewerThanTheTables.Contains(character)).ShouldBeEmpty();
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
