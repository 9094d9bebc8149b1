using System.Buffers.Binary;
using System.Text;
using CsCheck;
using CtSeg.TrainingJob.WeightFiles;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests.WeightFiles;

[Collection(TorchCollection.Name)]
public sealed class SafetensorsTests
{
    [Fact]
    public void Given_TensorsOfEveryType_When_WrittenAndRead_Then_TheyReturn()
    {
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>
        {
            ["b.matrix"] = rand(3, 5).t(),
            ["a.double"] = rand(2, ScalarType.Float64),
            ["count"] = tensor(7L),
            ["empty"] = zeros(0, 4),
            ["ü\"quoted"] = rand(1, 2, 3, 4),
        };
        var (read, metadata) = Safetensors.Read(Safetensors.Write(tensors, new Dictionary<string, string> { ["k"] = "v" }));
        read.Keys.Order().ShouldBe(tensors.Keys.Order());
        foreach (var (name, original) in tensors)
        {
            read[name].dtype.ShouldBe(original.dtype);
            read[name].shape.ShouldBe(original.shape);
            read[name].SameAs(original).ShouldBeTrue(name);
        }
        metadata.ShouldBe(new Dictionary<string, string> { ["k"] = "v" });
    }

    // Bytes put together by hand from the format's description.
    [Fact]
    public void Given_OneTensor_When_Written_Then_TheBytesAreThoseOfTheFormat()
    {
        using var scope = NewDisposeScope();
        const string Json = """{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""";
        byte[] expected =
        [
            56, 0, 0, 0, 0, 0, 0, 0,
            .. Encoding.ASCII.GetBytes(Json), (byte)' ', (byte)' ',
            0x00, 0x00, 0x80, 0x3F, 0x00, 0x00, 0x00, 0xC0,
        ];
        Safetensors.Write(new Dictionary<string, Tensor> { ["w"] = tensor(new[] { 1f, -2f }) }).ShouldBe(expected);
        Safetensors.Read(expected).Tensors["w"].data<float>().ToArray().ShouldBe([1f, -2f]);
    }

    [Theory]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", "needs 8 bytes")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "offsets span")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "holds 16 bytes")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", "gap")]
    [InlineData("""{"v":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"w":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", "overlap")]
    [InlineData("""{"w":{"dtype":"F32","shape":[8],"data_offsets":[0,32]}}""", "holds 16 bytes")]
    [InlineData("""{"w":{"dtype":"F32","shape":[9223372036854775807,2],"data_offsets":[0,16]}}""", "larger than 2 GB")]
    [InlineData("""{"w":{"dtype":"F32","shape":[-4],"data_offsets":[0,16]}}""", "not a type")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1.5],"data_offsets":[0,16]}}""", "not a type")]
    [InlineData("""{"w":{"dtype":"F16","shape":[8],"data_offsets":[0,16]}}""", "element type 'F16'")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,4],"data_offsets":[0,16]}}""", "dimensions")]
    [InlineData("""{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16],"more":1}}""", "not a type")]
    [InlineData("""{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "not valid JSON")]
    [InlineData("""{"w":[[[[[[1]]]]]]}""", "not valid JSON")]
    [InlineData("""{"__metadata__":{"a":1},"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "map of strings")]
    [InlineData("""[1]""", "not a JSON object")]
    [InlineData("""{"w":""", "not valid JSON")]
    public void Given_AHostileHeader_When_Read_Then_ItIsRefusedWithTheReason(string json, string reason) =>
        Should.Throw<WeightsFormatException>(() => Safetensors.Read(File(json, 16))).Message.ShouldContain(reason);

    [Theory]
    [InlineData(0UL, "no header")]
    [InlineData(ulong.MaxValue, "allowed")]
    [InlineData(1UL << 40, "allowed")]
    [InlineData(1_000_000UL, "ends inside its header")]
    public void Given_AHostileHeaderLength_When_Read_Then_ItIsRefusedBeforeMemoryIsTaken(ulong length, string reason)
    {
        var file = new byte[length == 0 ? 7 : 40];
        if (length > 0)
            BinaryPrimitives.WriteUInt64LittleEndian(file, length);
        Should.Throw<WeightsFormatException>(() => Safetensors.Read(file)).Message.ShouldContain(reason);
    }

    [Fact]
    public void Given_ADamagedFile_When_Read_Then_OnlyTheTypedErrorIsThrown()
    {
        using var scope = NewDisposeScope();
        var intact = Safetensors.Write(new Dictionary<string, Tensor> { ["a"] = rand(3), ["b"] = rand(2, 2) });
        Gen.Select(Gen.Int[0, intact.Length - 1], Gen.Byte, Gen.Int[0, intact.Length]).Sample((at, value, length) =>
        {
            var file = intact.ToArray();
            file[at] = value;
            try
            {
                foreach (var tensor in Safetensors.Read(file.AsSpan(0, length)).Tensors.Values)
                    tensor.Dispose();
            }
            catch (WeightsFormatException)
            {
            }
        }, iter: 3000, threads: 1);
    }

    private static byte[] File(string json, int dataBytes)
    {
        var header = Encoding.UTF8.GetBytes(json);
        var file = new byte[8 + header.Length + dataBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)header.Length);
        header.CopyTo(file, 8);
        return file;
    }
}
