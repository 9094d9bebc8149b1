using CtSeg.Processes;

namespace CtSeg.Shared.Tests.Processes;

public sealed class ProcessorTests
{
    [Theory]
    [InlineData("processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\nmodel name\t: AMD EPYC\nstepping\t: 1\n\nprocessor\t: 1\nmodel name\t: other",
        "AMD EPYC (cpu family 25, model 17, stepping 1)")]
    [InlineData("model name\t: Z80", "Z80")]
    public void Given_CpuInfoOfLinux_When_Described_Then_TheNameAndTheMarksOfTheFirstProcessorAreTold(string lines, string expected) =>
        Processor.Describe(lines.Split('\n')).ShouldBe(expected);

    [Fact]
    public void Given_CpuInfoWithoutANameOrNone_When_Described_Then_TheArchitectureStandsInForIt()
    {
        Processor.Describe(["processor\t: 0", "BogoMIPS\t: 50.00", "CPU implementer\t: 0x41", "CPU part\t: 0xd0c", "CPU revision\t: 1"])
            .ShouldEndWith("64 (CPU implementer 0x41, CPU part 0xd0c, CPU revision 1)");
        Processor.Describe([]).ShouldEndWith("64");
    }
}
