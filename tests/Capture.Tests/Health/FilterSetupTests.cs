using System.Globalization;
using PasswordSync.Capture.Health;
using Shouldly;
using Xunit;

namespace PasswordSync.Capture.Tests.Health;

public sealed class FilterSetupTests
{
    [Theory]
    [InlineData("installed", "not in System32")]
    [InlineData("registered", "'Notification Packages' does not name it")]
    [InlineData("new", "Restart this domain controller")]
    [InlineData("new", "But LSA protection (RunAsPPL) is on")]
    [InlineData("protected", "RunAsPPL")]
    [InlineData("unloaded", "LSASS has not loaded it, though Windows was started since. Event 16953 of Directory-Services-SAM")]
    [InlineData("disabled", "kill switch")]
    [InlineData("no file", "no usable capture file yet: it cannot be read")]
    [InlineData("104", "no usable capture file yet: others than SYSTEM and the administrators may change it")]
    [InlineData("105", "no usable capture file yet: it or its folder belongs to another")]
    [InlineData("106", "no usable capture file yet: who may change it or its folder cannot be told")]
    public void Filter_that_captures_nothing_says_why(string trouble, string reason)
    {
        var setup = trouble switch
        {
            "installed" => FilterMonitorTests.Proper() with { IsInstalled = false },
            "registered" => FilterMonitorTests.Proper() with { IsRegistered = false },
            "new" => FilterMonitorTests.Proper() with { Status = null, InstalledAfterBoot = true, HasLsaProtection = true },
            "protected" => FilterMonitorTests.Proper() with { Status = null, HasLsaProtection = true },
            "unloaded" => FilterMonitorTests.Proper() with { Status = null },
            "disabled" => FilterMonitorTests.Proper() with { Status = FilterMonitorTests.Status() with { State = FilterState.Disabled } },
            "no file" => FilterMonitorTests.Proper() with { Status = FilterMonitorTests.Status() with { FilesTaken = 0, FileFault = 100 } },
            _ => FilterMonitorTests.Proper() with { Status = FilterMonitorTests.Status() with { FilesTaken = 0, FileFault = long.Parse(trouble, CultureInfo.InvariantCulture) } },
        };

        setup.WhyNotCapturing().ShouldNotBeNull().ShouldContain(reason);
        FilterMonitorTests.Proper().WhyNotCapturing().ShouldBeNull();
    }
}
