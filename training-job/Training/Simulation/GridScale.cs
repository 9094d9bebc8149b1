namespace CtSeg.TrainingJob.Training.Simulation;

/// <summary>A picture and a mask of another size over the same field of view; pixels of both are counted by rows.</summary>
internal sealed record GridScale(int Width, int Height, int MaskWidth, int MaskHeight)
{
    /// <summary>By rows of the mask: in which pixel of the picture each of its pixels lies.</summary>
    public int[] ToCoarse()
    {
        var coarse = new int[MaskWidth * MaskHeight];
        var columns = Enumerable.Range(0, MaskWidth).Select(column => column * Width / MaskWidth).ToArray();
        for (var row = 0; row < MaskHeight; row++)
        {
            var first = row * Height / MaskHeight * Width;
            for (var column = 0; column < MaskWidth; column++)
                coarse[(row * MaskWidth) + column] = first + columns[column];
        }
        return coarse;
    }

    /// <returns>The mask at the picture's size.</returns>
    public float[] Coarse(float[] mask)
    {
        var coarse = new float[Width * Height];
        for (var pixel = 0; pixel < coarse.Length; pixel++)
            coarse[pixel] = mask[(pixel / Width * MaskHeight / Height * MaskWidth) + (pixel % Width * MaskWidth / Width)];
        return coarse;
    }

    /// <summary>The pixel of the mask as far from a given one as two pixels of the picture are from each other.</summary>
    public int Moved(int maskPixel, int from, int to)
    {
        var row = (maskPixel / MaskWidth) + (((to / Width) - (from / Width)) * MaskHeight / Height);
        var column = (maskPixel % MaskWidth) + (((to % Width) - (from % Width)) * MaskWidth / Width);
        return (Math.Clamp(row, 0, MaskHeight - 1) * MaskWidth) + Math.Clamp(column, 0, MaskWidth - 1);
    }
}
