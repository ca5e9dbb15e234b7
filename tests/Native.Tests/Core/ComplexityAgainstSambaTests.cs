using System.Runtime.Versioning;
using System.Text;
using PasswordSync.Native.Tests.Building;
using PasswordSync.Native.Tests.Running;

namespace PasswordSync.Native.Tests.Core;

/// <summary>The complexity rule against Samba's own, which it replaces. Needs Debian's python3-samba.</summary>
[SupportedOSPlatform("linux")]
public sealed class ComplexityAgainstSambaTests
{
    private const int Seed = 20_261_122;
    private const int RandomPasswords = 50_000;
    private const int CharactersMax = 12;

    /// <summary>Debian's own interpreter, for which python3-samba is installed, whatever else the machine has.</summary>
    private const string Python = "/usr/bin/python3";

    public ComplexityAgainstSambaTests() => NativeBuild.SkipUnlessLinux();

    /// <summary>Each of these lacks one kind or has two to spare, so that the kind of one more character decides.</summary>
    [Theory]
    [InlineData("aB")]
    [InlineData("a1")]
    [InlineData("B1")]
    [InlineData("1-")]
    [InlineData("a語")]
    public async Task Every_character_is_of_the_kind_that_it_is_in_Samba(string rest)
    {
        await CompareAsync([.. Enumerable.Range(1, 0xFFFF).Where(code => !char.IsSurrogate((char)code)).Select(code => (char)code + rest)]);
    }

    [Fact]
    public async Task Random_passwords_are_judged_as_by_Samba()
    {
        var random = new Random(Seed);
        Rune[] characters = [.. " !~\t\u007FAZaz09ÄäßÿŸĳǅșΣσςЀЖжԱա𐐀𐐨ⅧⓐＡａ語😀\u0301".EnumerateRunes()];

        await CompareAsync([.. Enumerable.Range(0, RandomPasswords).Select(_ =>
            string.Concat(Enumerable.Range(0, random.Next(1, CharactersMax)).Select(_ => characters[random.Next(characters.Length)])))]);
    }

    /// <summary>Nothing that Samba accepts is refused; the other way round only a space makes a difference, which is of no kind in Samba.</summary>
    private static async Task CompareAsync(string[] passwords)
    {
        await SkipUnlessSambaAsync();
        var input = Encoding.ASCII.GetBytes(string.Concat(passwords.Select(password => Convert.ToHexString(Encoding.UTF8.GetBytes(password)) + "\n")));

        var ours = await AnswersAsync(NativeBuild.TestProgram("complexity_judge"), [], input);
        var theirs = await AnswersAsync(Python, [Path.Combine(AppContext.BaseDirectory, "samba_check.py")], input);

        ours.Length.ShouldBe(passwords.Length);
        theirs.Length.ShouldBe(passwords.Length);
        var judged = passwords.Zip(ours, theirs).ToArray();
        judged.Where(row => row is { Second: "0", Third: "1" }).Select(row => row.First).ShouldBeEmpty();
        judged.Where(row => row is { Second: "1", Third: "0" } && !row.First.Contains(' ', StringComparison.Ordinal)).Select(row => row.First).ShouldBeEmpty();
        theirs.ShouldContain("0");
        theirs.ShouldContain("1");
    }

    private static async Task<string[]> AnswersAsync(string program, string[] arguments, byte[] input)
    {
        var end = await ProcessRun.RunAsync(program, arguments, input, environment: null, TestContext.Current.CancellationToken);
        end.ExitCode.ShouldBe(0, end.Error);
        return end.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static async Task SkipUnlessSambaAsync()
    {
        Assert.SkipUnless(File.Exists(Python), $"There is no {Python}.");
        var end = await ProcessRun.RunAsync(Python, ["-c", "import samba"], default, environment: null, TestContext.Current.CancellationToken);
        Assert.SkipUnless(end.ExitCode == 0, "python3-samba is not installed.");
    }
}
